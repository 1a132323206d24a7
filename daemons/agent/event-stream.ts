import type { Writable } from "node:stream";
import { encodeLine } from "../../protocol/codec.ts";
import type { Session } from "../../protocol/session.ts";
import { heartbeatEvery, snapshotPart, type StatusEvent } from "../../protocol/status.ts";
import type { Clock } from "../host/clock.ts";
import type { Log } from "../host/log.ts";
import type { Change } from "./registry.ts";

/** Bytes that may wait for a slow reader; past it the stream is cut, and the next one begins with a snapshot. */
const maxWaiting = 4 << 20;

/** Who tells, and what there is to tell. */
export interface EventSource {
  agentId: string;
  clock: Clock;
  log: Log;
  snapshot: () => Session[];
  /** The data of `agent.capacity`. */
  capacity: () => Promise<object>;
}

/** An event as it travels; `session_id` only where it is about one. */
export function statusEvent(
  { agentId, clock }: EventSource,
  type: string,
  { data, session_id }: Partial<Change> = {},
): StatusEvent {
  return {
    type,
    agent_id: agentId,
    ...(session_id !== undefined && { session_id }),
    timestamp: clock.now().toISOString(),
    ...(data !== undefined && { data }),
  };
}

/** Status events on one open channel: a snapshot, then changes, with a heartbeat and the capacity in between. */
export class EventStream {
  readonly #channel: Writable;
  readonly #source: EventSource;
  #cancelHeartbeat = () => {};

  constructor(channel: Writable, source: EventSource) {
    this.#channel = channel;
    this.#source = source;
  }

  /** Tells all sessions, in parts, and keeps the reader posted from then on. */
  begin(): void {
    const sessions = this.#source.snapshot();
    for (let part = 0; part === 0 || part * snapshotPart < sessions.length; part++) {
      const some = sessions.slice(part * snapshotPart, (part + 1) * snapshotPart);
      const last = (part + 1) * snapshotPart >= sessions.length;
      this.tell("agent.snapshot", { data: { part, last, sessions: some } });
    }
    this.#tellCapacity();
    this.#beat();
  }

  change(change: Change): void {
    this.tell(change.type, change);
    if (change.type === "container.started" || change.type === "container.stopped") this.#tellCapacity();
  }

  tell(type: string, about: Partial<Change> = {}): void {
    this.write(statusEvent(this.#source, type, about));
  }

  write(event: StatusEvent): void {
    if (!this.#channel.writable) return;
    this.#channel.write(encodeLine(event));
    if (this.#channel.writableLength > maxWaiting) this.#channel.destroy();
  }

  /** The channel is gone. */
  end(): void {
    this.#cancelHeartbeat();
  }

  #beat(): void {
    this.#cancelHeartbeat = this.#source.clock.after(heartbeatEvery, () => {
      this.tell("agent.heartbeat");
      this.#tellCapacity();
      this.#beat();
    });
  }

  #tellCapacity(): void {
    this.#source.capacity().then(
      (data) => this.tell("agent.capacity", { data }),
      (error: unknown) => this.#source.log.warn({ err: error }, "the capacity could not be read"),
    );
  }
}
