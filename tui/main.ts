/** `convocate`: the list without arguments, verbs with them, and both as a login shell or forced command. */
import { paths } from "../protocol/config.ts";
import { ConvocateError, errorTable, exitStatus } from "../protocol/errors.ts";
import { fleetSocketPath } from "../protocol/fleet.ts";
import { localAccess } from "./client/access.ts";
import type { Context } from "./verbs/context.ts";
import type { Places } from "./verbs/program.ts";
import { splitWords } from "./verbs/words.ts";
import { clean } from "./render/clean.ts";
import { readInvocation, type Invocation } from "./verbs/invocation.ts";

const { stdin, stdout, stderr, env } = process;

/** Gives the terminal back, whoever has it. */
let restore = (): void => {};
const onTerminal = (how: () => void): void => void (restore = how);

/** Says what went wrong; returns the status to end with. */
function tell(error: unknown): number {
  restore();
  const known = error instanceof ConvocateError ? error : null;
  if (known) {
    // An agent's words may be in it.
    const message = known.message.split("\n").map(clean).join("\n");
    stderr.write(`convocate: ${message}\n  ${errorTable[known.code].remedy}\n`);
  } else
    stderr.write(`convocate: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return known ? errorTable[known.code].exit : exitStatus.failed;
}

/** Ends when all that was printed is read: a pipe holds 64 KiB, and what it does not hold yet would be lost. */
const end = (status: number): void => void stdout.write("", () => process.exit(status));

const crash = (error: unknown): never => process.exit(tell(error));
process.on("uncaughtException", crash);
process.on("unhandledRejection", crash);
for (const [signal, number] of [
  ["SIGHUP", 1],
  ["SIGINT", 2],
  ["SIGTERM", 15],
] as const) {
  process.on(signal, () => {
    restore();
    process.exit(128 + number);
  });
}
// `convocate ls | head` is no error.
stdout.on("error", () => process.exit(exitStatus.ok));

const monochrome = env["NO_COLOR"] || /^(dumb|vt\d+|.*-mono|.*-m)$/.test(env["TERM"] ?? "dumb");

/** Where things are on the shell host. */
const local = { socket: fleetSocketPath, agentKeys: paths.agentKeys, homes: paths.sessionHomes };

const context: Context = {
  access: localAccess(local),
  operator: null,
  stdin,
  stdout,
  stderr,
  term: env["TERM"],
  colorterm: env["COLORTERM"],
  colors: stdout.isTTY && !monochrome,
};

const places: Places = {
  ...local,
  via: env["CONVOCATE_VIA"] || undefined,
  ssh: splitWords(env["CONVOCATE_SSH"] || "ssh"),
  agentSocket: env["SSH_AUTH_SOCK"] || undefined,
};

async function verb({ words, remote, operator }: Extract<Invocation, { kind: "verb" }>): Promise<void> {
  const { program } = await import("./verbs/program.ts");
  context.operator = operator;
  const root = program(context, { remote, onTerminal, places, list: tui });
  try {
    await root.parseAsync(words, { from: "user" });
  } catch (error) {
    // commander has said it already; its help is no error.
    const code: unknown = Reflect.get(Object(error), "code");
    if (typeof code !== "string" || !code.startsWith("commander.")) throw error;
    process.exit(Reflect.get(Object(error), "exitCode") === 0 ? exitStatus.ok : exitStatus.usage);
  }
}

async function tui(): Promise<void> {
  if (!stdin.isTTY || !stdout.isTTY) {
    throw new ConvocateError(
      "usage",
      "the list needs a terminal; for scripts there is `convocate ls --json`",
    );
  }
  const { runTui } = await import("./screens/tui.ts");
  await runTui({ ...context, stdin, stdout, onTerminal });
}

async function main(): Promise<void> {
  const invocation = readInvocation(process.argv.slice(2), env["SSH_ORIGINAL_COMMAND"]);
  // Without a verb the options count as well: they say where the fleet is.
  await verb(
    invocation.kind === "tui" ? { ...invocation, kind: "verb", words: [], remote: false } : invocation,
  );
}

main().then(
  () => end(exitStatus.ok),
  (error: unknown) => end(tell(error)),
);
