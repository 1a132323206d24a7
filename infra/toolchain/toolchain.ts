import { randomBytes } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { connect } from "node:net";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { downloadAnswers, findEngine, type Engine, type Log } from "./engine.ts";
import { installOfflinePlugins } from "./offline-plugins.ts";
import { forgetPendingOperations } from "./pending-operations.ts";
import { removeStaleLocks } from "./stale-locks.ts";
import { versions } from "./versions.ts";

export type PluginChoice = "auto" | "official" | "offline";

export interface ToolchainOptions {
  /** The project's data folder. */
  dataDir: string;
  plugins: PluginChoice;
  /** PATH and SSH_AUTH_SOCK of the caller. */
  path: string;
  agentSocket: string | undefined;
  log: Log;
}

/** An engine with its plugins, ready to run. */
export interface Toolchain {
  /** Holds `bin/pulumi`; fits `PulumiCommand.get({ root })`. */
  root: string;
  /** Added to the environment of every engine run. */
  env: Record<string, string>;
  /** Which engine and plugins were taken, in one line. */
  origin: string;
}

const engineOrigins: Record<Engine["origin"], string> = {
  machine: "official, found on this machine",
  download: "official download",
  modules: "built from pinned Go modules",
};

async function choosePlugins(choice: PluginChoice, officialHome: string): Promise<"official" | "offline"> {
  if (choice === "offline") return "offline";
  const installed = existsSync(join(officialHome, "plugins", `resource-command-v${versions.command}`));
  if (installed || (await downloadAnswers())) return "official";
  if (choice === "auto") return "offline";
  throw new Error(
    "the official plugins cannot be downloaded here: use --plugins offline, or connect to the internet",
  );
}

/** The socket of an ssh-agent that answers, else nothing: a stale one would break every connection. */
async function liveAgent(socket: string | undefined): Promise<string> {
  if (!socket) return "";
  return new Promise((resolve) => {
    const probe = connect(socket);
    probe.once("connect", () => resolve(socket)).once("error", () => resolve(""));
    probe.once("connect", () => probe.destroy());
  });
}

async function ensureFile(path: string, content: () => string): Promise<void> {
  if (!existsSync(path)) await writeFile(path, content(), { mode: 0o600, flag: "wx" });
}

/**
 * The engine would keep a debug log of each of its runs, up to 500 MB of them, with all that hosts are given in it, and takes a tenth
 * of a run for that: a file in the place of their folder keeps it from doing so.
 */
async function keepNoLogs(home: string): Promise<void> {
  const logs = join(home, "logs");
  if (statSync(logs, { throwIfNoEntry: false })?.isFile()) return;
  await rm(logs, { recursive: true, force: true });
  await writeFile(logs, "");
}

/** Makes engine and plugins available; on a machine that has them, in well under a second. */
export async function ensureToolchain(options: ToolchainOptions): Promise<Toolchain> {
  const { dataDir, log } = options;
  const state = join(dataDir, "state");
  await mkdir(state, { recursive: true, mode: 0o700 });
  await removeStaleLocks(state, log);
  forgetPendingOperations(state, log);
  const passphrase = join(dataDir, "passphrase");
  await ensureFile(passphrase, () => `${randomBytes(32).toString("base64url")}\n`);
  const officialHome = join(dataDir, "pulumi-official");
  // First, because it may refuse: an engine that has to be built takes minutes.
  const plugins = await choosePlugins(options.plugins, officialHome);
  const engine = await findEngine(
    join(dataDir, "toolchain"),
    options.plugins === "offline",
    options.path,
    log,
  );
  const home = plugins === "official" ? officialHome : join(dataDir, "pulumi-offline");
  await mkdir(home, { recursive: true });
  await keepNoLogs(home);
  if (plugins === "offline") await installOfflinePlugins(engine, home, log);
  return {
    root: engine.root,
    origin: `engine ${versions.engine}: ${engineOrigins[engine.origin]}; plugins: ${plugins === "official" ? "official" : "our own"}`,
    env: {
      PATH: `${join(engine.root, "bin")}:${join(import.meta.dirname, "../../node_modules/.bin")}:${options.path}`,
      PULUMI_HOME: home,
      // Program and plugins start with what they were compiled to the last time.
      NODE_COMPILE_CACHE: join(dataDir, "compiled"),
      PULUMI_BACKEND_URL: `file://${state}`,
      PULUMI_CONFIG_PASSPHRASE_FILE: passphrase,
      // A second checkout's stack file may lack the salt that the first one's has.
      PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER: "true",
      PULUMI_CONTINUE_ON_ERROR: "true",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_IGNORE_AMBIENT_PLUGINS: "true",
      ...(plugins === "offline" && { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" }),
      SSH_AUTH_SOCK: await liveAgent(options.agentSocket),
    },
  };
}
