import type { Writable } from "node:stream";
import type { Response } from "../../protocol/rpc.ts";
import { encodeAnswer } from "./encoded-answer.ts";

/** Bytes of answers of one channel that may wait for the client to read. */
const maxUnsent = 64 << 10;

/**
 * Answers on their way to a client that may be slow, or never read: one is encoded when those before it are nearly gone, so
 * that a channel costs 64 KiB and one answer at most.
 */
export class AnswerQueue {
  readonly #channel: Writable;
  readonly #onRoom: () => void;
  readonly #waiting: { response: Response; sent: () => void }[] = [];
  #unsent = 0;

  /** `onRoom` is called when the queue is not full any more. */
  constructor(channel: Writable, onRoom: () => void) {
    this.#channel = channel;
    this.#onRoom = onRoom;
  }

  get isFull(): boolean {
    return this.#unsent > maxUnsent;
  }

  /** `sent` is called when the answer was handed to the channel, at once or later. */
  push(response: Response, sent: () => void = () => undefined): void {
    this.#waiting.push({ response, sent });
    this.#send();
  }

  #send(): void {
    while (!this.isFull) {
      const next = this.#waiting.shift();
      if (!next) return;
      if (this.#channel.writable) for (const part of encodeAnswer(next.response)) this.#write(part);
      next.sent();
    }
  }

  #write(part: string | Buffer): void {
    const length = Buffer.byteLength(part);
    this.#unsent += length;
    this.#channel.write(part, () => {
      const wasFull = this.isFull;
      this.#unsent -= length;
      if (!wasFull || this.isFull) return;
      this.#send();
      if (!this.isFull) this.#onRoom();
    });
  }
}
