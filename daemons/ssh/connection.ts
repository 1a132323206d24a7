import type { Socket } from "node:net";
import type { Connection as Ssh, ServerChannel } from "ssh2";
import type { Principal } from "../../protocol/keys.ts";
import type { Clock } from "../host/clock.ts";

/** Refused things remembered of one connection: their names come from the other side. */
const refusalsKept = 8;
/** How long a connection that was told to end may take to do so, in milliseconds. */
const partingMs = 1_000;

/** One TCP connection, from accept to close, and what is told about it in the end. */
export class Connection {
  readonly socket: Socket;
  readonly address: string;
  /** `address:port`. */
  readonly remote: string;
  /** Null until authenticated. */
  principal: Principal | null = null;
  /** The key that authenticated. */
  blob: Buffer | null = null;
  /** Null until the other side has identified itself as SSH. */
  ssh: Ssh | null = null;
  readonly channels = new Set<ServerChannel>();
  /** Subsystems opened, with how often. */
  readonly opened = new Map<string, number>();
  readonly refused = new Set<string>();
  readonly #clock: Clock;
  #ended: string | null = null;

  constructor(socket: Socket, clock: Clock) {
    this.socket = socket;
    this.address = socket.remoteAddress ?? "unknown";
    this.remote = `${this.address}:${String(socket.remotePort ?? 0)}`;
    this.#clock = clock;
  }

  refuse(what: string): void {
    if (this.refused.size < refusalsKept) this.refused.add(what.slice(0, 200));
  }

  /** Why it ends; the first reason given is the one that is told. */
  because(reason: string): void {
    this.#ended ??= reason;
  }

  get ended(): string {
    return this.#ended ?? "closed by the other side";
  }

  /** Says goodbye, and does not wait long for an answer. */
  end(reason: string): void {
    this.because(reason);
    if (!this.ssh) return this.drop(reason);
    this.ssh.end();
    this.#clock.after(partingMs, () => this.socket.destroy());
  }

  drop(reason: string): void {
    this.because(reason);
    this.socket.destroy();
  }
}
