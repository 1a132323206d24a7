import type { Connection as Ssh, ServerChannel } from "ssh2";
import type { Connection } from "./connection.ts";
import { exchanging } from "./exchange.ts";

type Write = ServerChannel["_write"];

/**
 * ssh2 hands a channel's data to the socket as far as the other side's window goes, which may be 4 GiB, and never asks
 * whether the socket takes it. Here a channel's writes wait while more than `unsentBytes` of its connection are unsent,
 * and during a key exchange, so that whoever writes to it sees that it is full.
 */
export class SendQueue {
  readonly #ssh: Ssh;
  readonly #connection: Connection;
  readonly #unsentBytes: number;
  #waiting: (() => void)[] = [];

  constructor(ssh: Ssh, connection: Connection, unsentBytes: number) {
    this.#ssh = ssh;
    this.#connection = connection;
    const { socket } = connection;
    // Below it the socket tells nobody that it has drained.
    this.#unsentBytes = Math.max(unsentBytes, socket.writableHighWaterMark);
    socket.on("drain", () => this.#go());
    ssh.on("handshake", () => this.#go());
    // Answers to what it asks pile up too: nothing more is heard of a client that does not listen.
    socket.on("data", () => {
      if (socket.writableLength > 2 * this.#unsentBytes) socket.pause();
    });
    socket.on("drain", () => socket.resume());
  }

  /** Before anything is written to the channel. */
  join(channel: ServerChannel): void {
    const write: Write = channel._write.bind(channel);
    channel._write = (chunk, encoding, done) => {
      if (this.#isFull()) this.#waiting.push(() => channel._write(chunk, encoding, done));
      else write(chunk, encoding, done);
    };
  }

  #isFull(): boolean {
    return this.#connection.socket.writableLength > this.#unsentBytes || exchanging(this.#ssh);
  }

  /** Each that waited tries again; the socket may be full after the first. */
  #go(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const again of waiting) again();
  }
}
