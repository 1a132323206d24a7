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
  /** Open channels of one connection; one attached terminal or pooled request each. */
  channels: number;
  /** Bytes received and not read of one channel; ssh2's own window is 2 MiB, and not enforced. */
  unreadBytes: number;
  /** Between two questions whether the other side is still there; it is not after three without answer. */
  keepaliveMs: number;
  /** Between two key exchanges of a connection. */
  rekeyMs: number;
  /** Longest wait imposed on an address that keeps failing to authenticate. */
  maxPenaltyMs: number;
}

export const defaultLimits: Limits = {
  graceMs: 20_000,
  tries: 3,
  startups: 10,
  maxStartups: 32,
  channels: 64,
  unreadBytes: 4 * 2 ** 20,
  keepaliveMs: keepalive.intervalMs,
  rekeyMs: 3_600_000,
  maxPenaltyMs: 5_000,
};
