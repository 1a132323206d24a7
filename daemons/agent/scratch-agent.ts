import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine } from "../docker/engine.ts";
import { realClock, type Clock } from "../host/clock.ts";
import { FakeLoad } from "../host/load.fake.ts";
import { MemoryLog } from "../host/log.fake.ts";
import { createKeyPair, type KeyPair } from "../ssh/keypair.fake.ts";
import { layConfig } from "./scratch-config.ts";
import { serve, type Agent } from "./serve.ts";

export interface ScratchOptions {
  engine: Engine;
  /** Full reference, or null: an agent that has none yet. */
  image: string | null;
  command?: string;
  /** Default: `scratch`. Agents on one engine need one each. */
  id?: string;
  /** Where events go. */
  shell?: { host: string; port: number; hostKey: string };
  uid?: number;
  /** Default: the real one. */
  clock?: Clock;
}

/** A whole agent in a temporary folder, listening on 127.0.0.1; for tests and benchmarks. */
export class ScratchAgent {
  readonly id: string;
  readonly hostKey = createKeyPair("");
  readonly operator: KeyPair = createKeyPair("operator=alice");
  readonly fromShell = createKeyPair("shell=shell-1");
  readonly toShell: KeyPair;
  readonly log = new MemoryLog();
  readonly load = new FakeLoad();
  readonly #options: ScratchOptions;
  #agent: Agent | null = null;
  folder = "";
  /** Change it while stopped: the host was rebooted. */
  boot = "first";

  constructor(options: ScratchOptions) {
    this.#options = options;
    this.id = options.id ?? "scratch";
    this.toShell = createKeyPair(`agent=${this.id}`);
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
    const { image, command = "bash", shell } = this.#options;
    await layConfig(this.configDir, {
      id: this.id,
      hostKey: this.hostKey.privateKey,
      toShellKey: this.toShell.privateKey,
      admitted: [this.operator.publicKey, this.fromShell.publicKey],
      image,
      command,
      shell,
    });
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
      clock: this.#options.clock ?? realClock,
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
