import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, copyFile, mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { PlainClient } from "../../daemons/agent/client.fake.ts";
import { layConfig } from "../../daemons/agent/scratch-config.ts";
import { createKeyPair } from "../../daemons/ssh/keypair.fake.ts";
import { bundlePrograms } from "../../infra/artifacts/bundle.ts";

/** On hosts the agent is this user, and root of no session's files. */
export const sessionUser = 1337;

/** An agent that does not listen by then has failed. */
const startMs = 30_000;
const linesKept = 400;

const logLine = z.looseObject({ msg: z.string(), level: z.number(), port: z.number().optional() });

export interface AgentOptions {
  /** Told to containers as a label. */
  id: string;
  /** The engine's socket. */
  socket: string;
  image: string;
}

/** The agent as hosts have it: bundled, in a process of its own, and not root. It can be killed and started again. */
export class AgentProcess {
  readonly folder: string;
  readonly id: string;
  readonly operator = createKeyPair("operator=campaign");
  readonly #options: AgentOptions;
  readonly #said: string[] = [];
  #child: ChildProcess | null = null;
  port = 0;

  private constructor(folder: string, options: AgentOptions) {
    this.folder = folder;
    this.#options = options;
    this.id = options.id;
  }

  get homes(): string {
    return join(this.folder, "homes");
  }

  get sessions(): string {
    return join(this.folder, "state/sessions");
  }

  /** Bundles the daemon and lays its configuration in a new folder below /tmp; does not start it. */
  static async make(options: AgentOptions): Promise<AgentProcess> {
    const agent = new AgentProcess(await mkdtemp(join(tmpdir(), "convocate-kill-")), options);
    const { folder } = agent;
    await bundlePrograms(join(import.meta.dirname, "../.."), join(folder, "lib"));
    // The checkout may be where only root can read.
    await copyFile(process.execPath, join(folder, "node"));
    await chmod(join(folder, "node"), 0o755);
    await layConfig(join(folder, "config"), {
      id: options.id,
      hostKey: createKeyPair("").privateKey,
      toShellKey: createKeyPair(`agent=${options.id}`).privateKey,
      admitted: [agent.operator.publicKey],
      image: options.image,
      command: "sleep infinity",
    });
    for (const name of ["homes", "state"]) await mkdir(join(folder, name), { mode: 0o700 });
    const mine = [folder, ...["homes", "state", "config"].map((name) => join(folder, name))];
    const config = (await readdir(join(folder, "config"))).map((name) => join(folder, "config", name));
    for (const path of [...mine, ...config]) await chown(path, sessionUser, sessionUser);
    return agent;
  }

  /** Resolves when it listens; a new port every time. */
  async start(): Promise<void> {
    const { folder } = this;
    const inside = (name: string) => join(folder, name);
    const folders = ["--config-dir", inside("config"), "--state-dir", inside("state"), "--homes", this.homes];
    const listen = ["--address", "127.0.0.1", "--port", "0", "--docker", this.#options.socket];
    const user = String(sessionUser);
    const { gid } = await stat(this.#options.socket);
    const argv = ["--reuid", user, "--regid", user, "--groups", String(gid), inside("node")];
    const serve = ["--enable-source-maps", inside("lib/convocate-agent.cjs"), "serve", ...folders, ...listen];
    const child = spawn("setpriv", [...argv, ...serve], {
      // Ctrl-C is for the campaign, which ends it itself.
      detached: true,
      stdio: ["ignore", "ignore", "pipe"],
      env: { PATH: "/usr/bin:/bin" },
    });
    this.#child = child;
    this.port = await new Promise<number>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`the agent ${why}:\n${this.said(15)}`));
      const timer = setTimeout(() => fail(`did not listen within ${String(startMs)} ms`), startMs);
      child.once("close", (code) => fail(`ended with status ${String(code)}`));
      createInterface(child.stderr).on("line", (line) => {
        if (this.#said.push(line) > linesKept) this.#said.shift();
        const told = logLine.safeParse(parse(line)).data;
        if (told?.msg !== "agent listens" || told.port === undefined) return;
        clearTimeout(timer);
        resolve(told.port);
      });
    });
  }

  get alive(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** SIGKILL; resolves when it is dead. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  connect(): Promise<PlainClient> {
    return PlainClient.connect(this);
  }

  /** The last lines of its log. */
  said(lines: number): string {
    return this.#said.slice(-lines).join("\n");
  }

  /** Ends it, and removes its folder. */
  async close(): Promise<void> {
    await this.#end("SIGTERM");
    await rm(this.folder, { recursive: true, force: true });
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
