import type { ClientChannel } from "ssh2";
import { queueLimit, type StatusEvent } from "../../protocol/status.ts";
import { EventStream, statusEvent, type EventSource } from "./event-stream.ts";
import type { Change } from "./registry.ts";

export interface PublisherOptions extends EventSource {
  /** What `agent.started` tells. */
  introduce: () => Promise<{ version: string; image_tag: string }>;
}

/** Sends this agent's events to the shell host, in order; while there is no connection, the last 256 wait. */
export class Publisher {
  readonly #options: PublisherOptions;
  #stream: EventStream | null = null;
  #queue: StatusEvent[] = [];
  #dropped = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** A channel is open: introduction, what waited, then a snapshot that heals whatever was lost. */
  async open(channel: ClientChannel): Promise<void> {
    channel.resume();
    const introduction = await this.#options.introduce();
    if (!channel.writable) return;
    const stream = new EventStream(channel, this.#options);
    stream.tell("agent.started", { data: introduction });
    if (this.#dropped > 0) stream.tell("agent.overflow", { data: { dropped: this.#dropped } });
    for (const event of this.#queue) stream.write(event);
    this.#queue = [];
    this.#dropped = 0;
    this.#stream = stream;
    stream.begin();
  }

  /** The connection is gone. */
  lost(): void {
    this.#stream?.end();
    this.#stream = null;
  }

  publish(change: Change): void {
    if (this.#stream) {
      this.#stream.change(change);
      return;
    }
    this.#queue.push(statusEvent(this.#options, change.type, change));
    if (this.#queue.length > queueLimit) {
      this.#queue.shift();
      this.#dropped += 1;
    }
  }

  /** Says good-bye where there is somebody to hear it. */
  shutdown(reason: string): void {
    this.#stream?.tell("agent.shutdown", { data: { reason } });
    this.lost();
  }
}
