import type { Socket } from "node:net";

/** Bytes a reader may lag behind, beyond a snapshot on its way to it. */
const lagMax = 2 ** 20;
/** How long a reader may take none of what waits for it, in milliseconds. */
export const stuckMs = 30_000;

/** What a reader is served from: bytes, encoded once for all readers. */
export interface Source {
  snapshot(): Buffer;
  /** Milliseconds; only differences matter. */
  now(): number;
}

/**
 * One local reader: a snapshot, then changes. One that lags is told nothing more until it has read what it has, and
 * then gets a fresh snapshot; one that reads nothing at all is dropped. It costs memory for one snapshot and 1 MiB.
 */
export class Reader {
  readonly #socket: Socket;
  readonly #source: Source;
  #allowed = 0;
  #behind = false;
  #movedAt: number;
  #read = 0;

  constructor(socket: Socket, source: Source) {
    this.#socket = socket;
    this.#source = source;
    this.#movedAt = source.now();
    socket.on("error", () => {});
    socket.on("drain", () => this.#drained());
    this.#resync();
  }

  send(changes: Buffer): void {
    if (this.#behind) return;
    if (this.#socket.writableLength + changes.length > this.#allowed) this.#behind = true;
    else this.#socket.write(changes);
  }

  /** Called now and then: ends a reader that takes nothing. */
  check(): void {
    const read = this.#socket.bytesWritten - this.#socket.writableLength;
    if (read !== this.#read || this.#socket.writableLength === 0) {
      this.#read = read;
      this.#movedAt = this.#source.now();
    } else if (this.#source.now() - this.#movedAt >= stuckMs) this.#socket.destroy();
  }

  #drained(): void {
    this.#allowed = lagMax;
    if (this.#behind) this.#resync();
  }

  #resync(): void {
    const snapshot = this.#source.snapshot();
    this.#behind = false;
    this.#allowed = snapshot.length + lagMax;
    this.#socket.write(snapshot);
  }
}
