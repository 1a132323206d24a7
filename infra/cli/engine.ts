import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LocalWorkspace, Stack } from "@pulumi/pulumi/automation/index.js";
import { run } from "../toolchain/shell.ts";
import type { Toolchain } from "../toolchain/toolchain.ts";
import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";
import { readEngineEvent, type EngineEvent } from "./engine-event.ts";

/** Engine and plugins as `script/pulumi` takes them, for `stack`; without the SDK, which takes a second to load. */
export async function toolchainOf({
  dataDir,
  plugins,
  path,
  agentSocket,
  stderr,
}: Context): Promise<Toolchain> {
  const { ensureToolchain } = await import("../toolchain/toolchain.ts");
  const log = (line: string) => void stderr.write(`${line}\n`);
  return ensureToolchain({ dataDir, plugins, path, agentSocket, log });
}

/** Runs the engine once, without the SDK; throws what it said when it fails. */
export async function runEngine(
  context: Context,
  toolchain: Toolchain,
  args: readonly string[],
): Promise<string> {
  const argv = [join(toolchain.root, "bin/pulumi"), ...args, "--cwd", context.root, "--non-interactive"];
  const { code, stdout, stderr } = await run([...argv, "--color", "never"], {
    env: { PATH: context.path, HOME: context.home, ...toolchain.env },
  });
  if (code === 0) return stdout;
  throw engineError(stderr);
}

/** Gives `use` a folder that nobody else can read, for as long as it runs. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "convocate-host-"));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What the engine's own words mean. */
export function engineError(text: string): CliError {
  const said =
    text.split("\n").find((line) => line.startsWith("error: ")) ?? text.trim().split("\n").at(-1) ?? "";
  const reason = said.replace(/^error: /, "");
  if (/currently locked by/.test(text))
    return new CliError(
      "refused",
      "another run works on this stack",
      "Wait for it. If it is no more, run `script/pulumi cancel`.",
    );
  if (/no stack named/.test(text))
    return new CliError("notFound", reason, "See `script/pulumi stack ls`; an update makes the stack.");
  if (/incorrect passphrase/.test(text))
    return new CliError(
      "refused",
      "the passphrase of this machine does not open the stack's secrets",
      "Bring the right one: it is the file `passphrase` in the project's data folder of the machine that made the stack.",
    );
  return new CliError("failed", reason, "Run the same with `script/pulumi` for all that the engine says.");
}

export interface RunOptions {
  /** Only these resources. */
  target?: string[];
  /** Another file than the stack's own. */
  configFile?: string;
  onEvent: (event: EngineEvent) => void;
}

/** One stack of the program under automation. */
export interface Engine {
  preview: (options: RunOptions) => Promise<void>;
  up: (options: RunOptions) => Promise<void>;
  /** A signal ended it. */
  ended: () => boolean;
  /** The stack was made just now. */
  isNew: boolean;
  /** Takes the stack, which has nothing, away again. */
  remove: () => Promise<void>;
}

async function selectStack(
  workspace: LocalWorkspace,
  name: string,
): Promise<{ stack: Stack; isNew: boolean }> {
  const { Stack, StackNotFoundError } = await import("@pulumi/pulumi/automation/index.js");
  try {
    return { stack: await Stack.select(name, workspace), isNew: false };
  } catch (error) {
    if (!(error instanceof StackNotFoundError)) throw engineError(String(error));
  }
  try {
    return { stack: await Stack.create(name, workspace), isNew: true };
  } catch (error) {
    throw engineError(String(error));
  }
}

/** Opens the stack, and makes it where it is missing. */
export async function openEngine(context: Context, name: string): Promise<Engine> {
  const { root } = context;
  const toolchain = await toolchainOf(context);
  const { LocalWorkspace, PulumiCommand } = await import("@pulumi/pulumi/automation/index.js");
  const pulumiCommand = await PulumiCommand.get({ root: toolchain.root });
  const envVars = toolchain.env;
  const pulumiHome = envVars["PULUMI_HOME"] ?? "";
  const workspace = await LocalWorkspace.create({ workDir: root, pulumiCommand, envVars, pulumiHome });
  const { stack, isNew } = await selectStack(workspace, name);
  const signals = context.holdSignals();
  const execute = async (verb: "preview" | "up", given: RunOptions) => {
    let failed = false;
    const options = {
      color: "never" as const,
      signal: signals.engine,
      ...(given.target !== undefined ? { target: given.target } : {}),
      ...(given.configFile !== undefined ? { configFile: given.configFile } : {}),
      onEvent: (raw: unknown) => {
        const event = readEngineEvent(raw);
        if (!event) return;
        if (event.kind === "failed" || (event.kind === "message" && event.severity === "error"))
          failed = true;
        given.onEvent(event);
      },
    };
    try {
      await (verb === "up" ? stack.up({ ...options, continueOnError: true }) : stack.preview(options));
    } catch (error) {
      // What failed by itself was told by events, better than by all that the engine printed.
      if (!failed && !signals.ended()) throw engineError(String(error));
    }
  };
  return {
    preview: (options) => execute("preview", options),
    up: (options) => execute("up", options),
    isNew,
    ended: signals.ended,
    // Without being asked not to, the engine takes the stack file away too.
    remove: () => workspace.removeStack(name, { preserveConfig: true }),
  };
}
