import { ConvocateError } from "./errors.ts";
import { fingerprint, parsePublicKey, sameKey } from "./keys.ts";
import { keepalive, ssh2Algorithms, sshUser } from "./transport.ts";

/** Whom to call, as whom, and which host key must answer. */
export interface Pinned {
  host: string;
  port: number;
  /** OpenSSH private key text, or the socket of an ssh-agent. */
  credentials: { privateKey: string } | { agent: string };
  /** The pinned host key as a public key line; null when none is recorded. */
  hostKey: string | null;
  /** Default: `convocate`. */
  username?: string;
  /** Hears `host_key_changed` when another key is shown, before the connection ends. */
  onMismatch: (error: ConvocateError) => void;
}

/**
 * Options for ssh2's `client.connect()`: our algorithms, our key alone, and the pinned host key.
 * Throws `host_key_unpinned` when there is no usable pin: nothing is ever trusted on first use.
 */
export function pinnedOptions(pinned: Pinned) {
  const { host, port, credentials } = pinned;
  const pin = pinned.hostKey === null ? null : parsePublicKey(pinned.hostKey);
  if (pin?.type !== "ssh-ed25519") throw unpinned(host, port, pinned.hostKey);
  return {
    host,
    port,
    username: pinned.username ?? sshUser,
    ...credentials,
    // The default begins with `none`, which costs a round trip and one of the few tries a listener allows.
    authHandler: ["agent" in credentials ? ("agent" as const) : ("publickey" as const)],
    algorithms: ssh2Algorithms(),
    keepaliveInterval: keepalive.intervalMs,
    keepaliveCountMax: keepalive.misses,
    // Synchronous on purpose: ssh2 takes the promise of an asynchronous one for "yes".
    hostVerifier: (shown: Buffer): boolean => {
      if (sameKey(shown, pin.blob)) return true;
      pinned.onMismatch(changed(host, port, pin.blob, shown));
      return false;
    },
  };
}

function unpinned(host: string, port: number, recorded: string | null): ConvocateError {
  const what = recorded === null ? "no host key is recorded" : "the recorded host key is no ssh-ed25519 key";
  return new ConvocateError(
    "host_key_unpinned",
    `${host}:${String(port)}: ${what}: refused; \`pulumi up\` records one`,
  );
}

function changed(host: string, port: number, expected: Buffer, shown: Buffer): ConvocateError {
  return new ConvocateError(
    "host_key_changed",
    `${host}:${String(port)} shows host key ${fingerprint(shown)}, but ${fingerprint(expected)} is pinned: refused; ` +
      "find out why before `pulumi up` records a new pin",
  );
}

/**
 * Whether a connected ssh2 client (or a server's connection) uses strict key exchange. ssh2 offers it but does not
 * require it (CVE-2023-48795), and tells only in a private field: ask after `handshake`, and end the connection on false.
 */
export function usesStrictKex(connection: object): boolean {
  const protocol: unknown = Reflect.get(connection, "_protocol");
  return typeof protocol === "object" && protocol !== null && Reflect.get(protocol, "_strictMode") === true;
}

/** What an `error` event of ssh2's client means: `auth_refused` when our key is refused, else `unreachable`. */
export function connectError(target: { host: string; port: number }, cause: Error): ConvocateError {
  const where = `${target.host}:${String(target.port)}`;
  if (Reflect.get(cause, "level") === "client-authentication") {
    return new ConvocateError(
      "auth_refused",
      `${where} refuses our key; \`pulumi up\` delivers the peering keys`,
      { cause },
    );
  }
  const why = cause.message === "" ? cause.name : cause.message;
  return new ConvocateError("unreachable", `${where} does not answer: ${why}`, { cause });
}
