import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine } from "../docker/engine.ts";
import { realClock } from "../host/clock.ts";
import { FakeLoad } from "../host/load.fake.ts";
import { MemoryLog } from "../host/log.fake.ts";
import { createKeyPair, type KeyPair } from "../ssh/keypair.fake.ts";
import { serve, type Agent } from "./serve.ts";

export interface ScratchOptions {
  engine: Engine;
  /** Full reference, or null: an agent that has none yet. */
  image: string | null;
  command?: string;
  /** Where events go. */
  shell?: { host: string; port: number; hostKey: string };
  uid?: number;
}

/** A whole agent in a temporary folder, listening on 127.0.0.1; for tests and benchmarks. */
export class ScratchAgent {
  readonly id = "scratch";
  readonly hostKey = createKeyPair("");
  readonly operator: KeyPair = createKeyPair("operator=alice");
  readonly toShell = createKeyPair(`agent=${this.id}`);
  readonly log = new MemoryLog();
  readonly load = new FakeLoad();
  readonly #options: ScratchOptions;
  #agent: Agent | null = null;
  folder = "";
  /** Change it while stopped: the host was rebooted. */
  boot = "first";

  constructor(options: ScratchOptions) {
    this.#options = options;
  }

  get port(): number {
    return this.#agent?.port ?? 0;
  }

  get homes(): string {
    return join(this.folder, "homes");
  }

  get stateDir(): string {
    return join(this.folder, "state");
  }

  async open(): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), "convocate-agent-"));
    await mkdir(this.configDir);
    const { image, command = "bash", shell } = this.#options;
    const files: Record<string, string> = {
      "agent-id": this.id,
      ssh_host_ed25519_key: this.hostKey.privateKey,
      authorized_keys: `${this.operator.publicKey}\n`,
      "config.json": JSON.stringify({ command }),
      agent_to_shell_ed25519_key: this.toShell.privateKey,
      ...(image !== null && { "current-image": `${image}\n` }),
      ...(shell && { "shell-host": shell.host, "shell_host_key.pub": shell.hostKey }),
    };
    for (const [name, text] of Object.entries(files))
      await writeFile(join(this.configDir, name), text, { mode: 0o600 });
    await this.start();
  }

  /** Starts the daemon on what is on disk. */
  async start(): Promise<void> {
    const uid = this.#options.uid ?? 1337;
    this.#agent = await serve({
      configDir: this.configDir,
      stateDir: this.stateDir,
      homes: this.homes,
      address: "127.0.0.1",
      port: 0,
      shellPort: this.#options.shell?.port ?? 223,
      uid,
      gid: uid,
      engine: this.#options.engine,
      load: this.load,
      boot: this.boot,
      clock: realClock,
      log: this.log,
    });
  }

  get configDir(): string {
    return join(this.folder, "config");
  }

  /** As SIGHUP does. */
  async reload(): Promise<void> {
    await this.#agent?.reload();
  }

  async stop(): Promise<void> {
    await this.#agent?.close("test");
    this.#agent = null;
  }

  async close(): Promise<void> {
    await this.stop();
    // Operations under way go on when the daemon closes.
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
