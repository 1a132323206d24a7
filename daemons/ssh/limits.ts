import { keepalive } from "../../protocol/transport.ts";

/** What a listener allows. Times in milliseconds. */
export interface Limits {
  /** From TCP accept to authentication (sshd: LoginGraceTime). */
  graceMs: number;
  /** Failed authentications before a connection is ended. */
  tries: number;
  /** Unauthenticated connections from which some new ones are dropped, more the more there are (sshd: MaxStartups). */
  startups: number;
  /** Unauthenticated connections at which every new one is dropped. */
  maxStartups: number;
  /** Live connections of one key: all that a shell host's operators have open share its key. */
  connectionsPerKey: number;
  /** Open channels of one connection; one attached terminal or pooled request each. */
  channels: number;
  /** Bytes received and not read of one channel; ssh2's own window is 2 MiB, and not enforced. */
  unreadBytes: number;
  /** Bytes written and not taken by the other side of one connection; past it nothing more is written to it. */
  unsentBytes: number;
  /** Between two questions whether the other side is still there; it is not after three without answer. */
  keepaliveMs: number;
  /** Between two key exchanges of a connection. */
  rekeyMs: number;
  /** Bytes both ways between two key exchanges, where that comes first. */
  rekeyBytes: number;
  /** From the beginning of a key exchange to its end. */
  exchangeMs: number;
  /** Longest wait imposed on an address that keeps failing to authenticate. */
  maxPenaltyMs: number;
}

export const defaultLimits: Limits = {
  graceMs: 20_000,
  tries: 3,
  startups: 10,
  maxStartups: 32,
  connectionsPerKey: 256,
  channels: 64,
  unreadBytes: 4 * 2 ** 20,
  unsentBytes: 4 * 2 ** 20,
  keepaliveMs: keepalive.intervalMs,
  rekeyMs: 3_600_000,
  rekeyBytes: 2 ** 30,
  exchangeMs: 20_000,
  maxPenaltyMs: 5_000,
};
