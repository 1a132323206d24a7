/** What every SSH connection between our programs uses (spec "Transport: SSH, narrowed"). */
export const ports = { agent: 222, status: 223 } as const;

export const subsystems = {
  rpc: "convocate-agent-rpc",
  attach: "convocate-agent-attach",
  status: "convocate-status",
} as const;

/** The user name is not a principal: keys are. v2 sends this one. */
export const sshUser = "convocate";

/** No CBC, no SHA-1, no MAC weaker than ETM SHA-2; the post-quantum exchange is missing because ssh2 has none. */
export const algorithms = {
  kex: ["curve25519-sha256", "curve25519-sha256@libssh.org"],
  serverHostKey: ["ssh-ed25519"],
  cipher: ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com"],
  hmac: ["hmac-sha2-256-etm@openssh.com"],
  compress: ["none"],
} as const;

/** The same as ssh2 takes them, which wants arrays of its own. */
export const ssh2Algorithms = () => ({
  kex: [...algorithms.kex],
  serverHostKey: [...algorithms.serverHostKey],
  cipher: [...algorithms.cipher],
  hmac: [...algorithms.hmac],
  compress: [...algorithms.compress],
});

/** Milliseconds between keepalives, and how many may be missed before a connection is dead. */
export const keepalive = { intervalMs: 15_000, misses: 3 } as const;

/** Reconnect after 1 s, doubled up to 30 s, in milliseconds. */
export const backoff = { firstMs: 1_000, maxMs: 30_000 } as const;

/** Delay in milliseconds before dial number `attempt` (0 = the first retry). */
export function backoffDelay(attempt: number): number {
  return Math.min(backoff.firstMs * 2 ** Math.min(attempt, 16), backoff.maxMs);
}

/**
 * As `backoffDelay`, from half of it on and never under `firstMs`: a thousand agents that lost the same daemon must not
 * come back in step, because a listener takes a few dozen at a time and drops the others.
 */
export function spreadDelay(attempt: number, random: () => number = Math.random): number {
  return Math.max(backoff.firstMs, backoffDelay(attempt) * (0.5 + random() / 2));
}
