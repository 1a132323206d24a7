/** `convocate-host`. Loads nothing but the command table until a verb needs more. */
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { exitStatus } from "../../protocol/errors.ts";
import { machineId } from "../config/machine-id.ts";
import { restartAsked } from "../config/restart.ts";
import { CliError } from "./cli-error.ts";
import type { Context, HeldSignals } from "./context.ts";
import { program, type Task } from "./program.ts";

const { env, stdin, stdout, stderr } = process;
const ending = new AbortController();

/** A terminal's Ctrl-C reaches the engine by itself; a second one from here would make it give up its clean-up. */
function holdSignals(): HeldSignals {
  const onTerminal = stdin.isTTY || stdout.isTTY || stderr.isTTY;
  let ended = false;
  const end = (handOn: boolean) => {
    if (!ended)
      stderr.write(
        "\nconvocate-host: ending; the steps under way are given up, and the next run goes on there\n",
      );
    ended = true;
    if (handOn) ending.abort();
  };
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => end(true));
  process.on("SIGINT", () => end(!onTerminal));
  return { engine: ending.signal, ended: () => ended };
}

const plugins = env["CONVOCATE_PLUGINS"];

const context: Context = {
  root: join(import.meta.dirname, "../.."),
  dataDir:
    env["CONVOCATE_DATA"] ?? join(env["XDG_DATA_HOME"] ?? join(homedir(), ".local/share"), "convocate"),
  home: homedir(),
  hostName: hostname(),
  machineId: machineId(),
  restartAsked,
  path: env["PATH"] ?? "",
  plugins: plugins === "official" || plugins === "offline" ? plugins : "auto",
  agentSocket: env["SSH_AUTH_SOCK"],
  stack: env["CONVOCATE_STACK"] || undefined,
  stdin,
  stdout,
  stderr,
  holdSignals,
  now: Date.now,
};

async function fail(error: unknown): Promise<number> {
  const { ConfigError } = await import("../config/fleet.ts");
  if (!(error instanceof CliError || error instanceof ConfigError)) {
    stderr.write(
      `convocate-host: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return exitStatus.failed;
  }
  const { readError } = await import("./hosts.ts");
  const { cause, remedy, exit } = readError(error);
  stderr.write(`convocate-host: ${cause}\n  ${remedy}\n`);
  return exit;
}

async function main(): Promise<number> {
  let task: Task | null = null;
  const root = program(context, (found) => (task = found));
  try {
    await root.parseAsync();
  } catch (error) {
    if (error instanceof CliError) return fail(error);
    // commander has said it already; its help is no error.
    const code: unknown = Reflect.get(Object(error), "code");
    if (typeof code !== "string" || !code.startsWith("commander.")) throw error;
    return Reflect.get(Object(error), "exitCode") === 0 ? exitStatus.ok : exitStatus.usage;
  }
  return run(task);
}

const run = async (task: Task | null): Promise<number> => (task ? task(context).catch(fail) : exitStatus.ok);

// `convocate-host status | head` is no error.
stdout.on("error", () => process.exit(exitStatus.ok));
process.exitCode = await main();
// The ssh-agent's probe, the engine's event server: nothing of it is waited for, but that what was printed is read.
stdout.write("", () => process.exit());
