import type { ClientChannel } from "ssh2";
import { encodeLine } from "../../protocol/codec.ts";
import type { Session } from "../../protocol/session.ts";
import { heartbeatEvery, queueLimit, snapshotPart, type StatusEvent } from "../../protocol/status.ts";
import type { Clock } from "../host/clock.ts";
import type { Change } from "./registry.ts";

/** Bytes that may wait for a slow shell host; past it the connection is dropped and a snapshot follows. */
const maxWaiting = 4 << 20;

export interface PublisherOptions {
  agentId: string;
  clock: Clock;
  /** What `agent.started` tells. */
  introduce: () => Promise<{ version: string; image_tag: string }>;
  snapshot: () => Session[];
}

/** Sends this agent's events to the shell host, in order; while there is no connection, the last 256 wait. */
export class Publisher {
  readonly #options: PublisherOptions;
  #channel: ClientChannel | null = null;
  #queue: StatusEvent[] = [];
  #dropped = 0;
  #cancelHeartbeat = () => {};

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** An event stream is open: introduction, what waited, then a snapshot that heals whatever was lost. */
  async open(channel: ClientChannel): Promise<void> {
    channel.resume();
    const introduction = await this.#options.introduce();
    if (!channel.writable) return;
    this.#channel = channel;
    this.#write(this.#event("agent.started", introduction));
    if (this.#dropped > 0) this.#write(this.#event("agent.overflow", { dropped: this.#dropped }));
    for (const event of this.#queue) this.#write(event);
    this.#queue = [];
    this.#dropped = 0;
    this.#sendSnapshot();
    this.#beat();
  }

  /** The connection is gone. */
  lost(): void {
    this.#channel = null;
    this.#cancelHeartbeat();
  }

  publish({ type, session_id, data }: Change): void {
    const event = { ...this.#event(type, data), session_id };
    if (this.#channel) {
      this.#write(event);
      return;
    }
    this.#queue.push(event);
    if (this.#queue.length > queueLimit) {
      this.#queue.shift();
      this.#dropped += 1;
    }
  }

  /** Says good-bye where there is somebody to hear it. */
  shutdown(reason: string): void {
    if (this.#channel) this.#write(this.#event("agent.shutdown", { reason }));
    this.lost();
  }

  #sendSnapshot(): void {
    const sessions = this.#options.snapshot();
    for (let part = 0; part === 0 || part * snapshotPart < sessions.length; part++) {
      const some = sessions.slice(part * snapshotPart, (part + 1) * snapshotPart);
      const last = (part + 1) * snapshotPart >= sessions.length;
      this.#write(this.#event("agent.snapshot", { part, last, sessions: some }));
    }
  }

  #beat(): void {
    this.#cancelHeartbeat();
    this.#cancelHeartbeat = this.#options.clock.after(heartbeatEvery, () => {
      this.#write(this.#event("agent.heartbeat"));
      this.#beat();
    });
  }

  #event(type: string, data?: unknown): StatusEvent {
    const { agentId, clock } = this.#options;
    return {
      type,
      agent_id: agentId,
      timestamp: clock.now().toISOString(),
      ...(data !== undefined && { data }),
    };
  }

  #write(event: StatusEvent): void {
    const channel = this.#channel;
    if (!channel) return;
    channel.write(encodeLine(event));
    if (channel.writableLength > maxWaiting) channel.destroy();
  }
}
