import { randomUUID } from "node:crypto";
import ssh2, { type ClientChannel } from "ssh2";
import { encodeLine } from "../../protocol/codec.ts";
import { pinnedOptions } from "../../protocol/client-options.ts";
import { heartbeatEvery, snapshotPart, type EventType } from "../../protocol/status.ts";
import { spreadDelay, subsystems } from "../../protocol/transport.ts";
import type { Session } from "../../protocol/session.ts";
import type { Random } from "../random.ts";

/** Where the status daemon listens, and how to know it. */
export interface Target {
  port: number;
  hostKey: string;
}

export interface AgentOptions {
  id: string;
  /** Of 127/8; the agent dials from it. */
  address: string;
  /** OpenSSH private key text. */
  privateKey: string;
  sessions: number;
  target: Target;
  random: Random;
}

/** The number that a session's last change gave it; it stands in its name. */
export const changeOf = (session: { name: string }): number => Number(session.name.replace("change ", ""));

/** An agent as the status daemon sees it: dials with the agents' back-off, tells all it has, then what changes. */
export class StormAgent {
  readonly id: string;
  readonly sessions = new Map<string, Session>();
  /** Dials that failed or connections that were lost. */
  failures = 0;
  readonly #options: AgentOptions;
  readonly #ids: string[] = [];
  #client: ssh2.Client | null = null;
  #channel: ClientChannel | null = null;
  #retry: NodeJS.Timeout | undefined;
  #beating: NodeJS.Timeout | undefined;
  #attempt = 0;
  #changes = 0;
  #closed = false;

  constructor(options: AgentOptions) {
    this.id = options.id;
    this.#options = options;
    const time = "2026-01-01T00:00:00Z";
    for (let n = 0; n < options.sessions; n += 1) {
      const uuid = randomUUID();
      this.#ids.push(uuid);
      this.sessions.set(uuid, {
        uuid,
        name: "change 0",
        created_at: time,
        last_accessed: time,
        agent_id: options.id,
        state: "running",
        image: "convocate:1.0",
        port: 1_000 + n,
        protocol: "tcp",
        dns_name: `s${String(n)}`,
      });
    }
  }

  get connected(): boolean {
    return this.#channel !== null;
  }

  dial(): void {
    const { address, privateKey, target } = this.#options;
    const client = new ssh2.Client();
    this.#client = client;
    client.on("error", () => {});
    client.once("close", () => this.#lost());
    client.once("ready", () => {
      client.subsys(subsystems.status, (error, channel) => {
        if (error) return void client.end();
        channel.on("error", () => {}).resume();
        channel.once("close", () => client.end());
        this.#opened(channel);
      });
    });
    client.connect({
      ...pinnedOptions({
        host: "127.0.0.1",
        port: target.port,
        credentials: { privateKey },
        hostKey: target.hostKey,
        onMismatch: () => {},
      }),
      localAddress: address,
    });
  }

  /** One session changes, and the daemon is told where there is a link; else the next snapshot tells it. */
  change(): void {
    const { random } = this.#options;
    const session = this.sessions.get(random.pick(this.#ids));
    if (!session) return;
    this.#changes += 1;
    const running = random.chance(0.5);
    const changed = {
      ...session,
      name: `change ${String(this.#changes)}`,
      running,
      state: running ? ("running" as const) : ("stopped" as const),
    };
    this.sessions.set(session.uuid, changed);
    this.#tell("session.state", changed, session.uuid);
  }

  #beat(): void {
    this.#tell("agent.heartbeat");
    const gib = 2 ** 30;
    this.#tell("agent.capacity", {
      memory_bytes: 64 * gib,
      memory_used_bytes: this.#options.random.int(1, 64) * gib,
      memory_promised_bytes: 32 * gib,
      cpus: 16,
      cpus_used: 3,
      sessions_running: this.sessions.size,
    });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    clearInterval(this.#beating);
    this.#client?.end();
    this.#client?.destroy();
  }

  #opened(channel: ClientChannel): void {
    this.#attempt = 0;
    this.#channel = channel;
    this.#tell("agent.started", { version: "1.0.0", image_tag: "convocate:1.0" });
    const sessions = [...this.sessions.values()];
    const parts = Math.max(1, Math.ceil(sessions.length / snapshotPart));
    for (let part = 0; part < parts; part += 1) {
      const own = sessions.slice(part * snapshotPart, (part + 1) * snapshotPart);
      this.#tell("agent.snapshot", { part, last: part === parts - 1, sessions: own });
    }
    this.#beat();
    this.#beating = setInterval(() => this.#beat(), heartbeatEvery);
  }

  #lost(): void {
    this.#channel = null;
    clearInterval(this.#beating);
    if (this.#closed) return;
    this.failures += 1;
    const { random } = this.#options;
    this.#retry = setTimeout(
      () => this.dial(),
      spreadDelay(this.#attempt, () => random.next()),
    );
    this.#attempt += 1;
  }

  #tell(type: EventType, data?: unknown, session_id?: string): void {
    const timestamp = new Date().toISOString();
    this.#channel?.write(encodeLine({ type, agent_id: this.id, timestamp, session_id, data }));
  }
}
