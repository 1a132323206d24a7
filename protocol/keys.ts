import { createHash, timingSafeEqual } from "node:crypto";

/** An OpenSSH public key line without its comment: `ssh-ed25519 AAAA…`. */
export interface PublicKey {
  type: string;
  /** The key blob of RFC 4253 §6.6. */
  blob: Buffer;
  comment: string;
}

/** Parses one line of a `.pub` or authorized_keys file without options; null for blank lines, comments and nonsense. */
export function parsePublicKey(line: string): PublicKey | null {
  const match = /^\s*(ssh-[a-z0-9-]+|ecdsa-sha2-[a-z0-9-]+)\s+([A-Za-z0-9+/]+={0,2})(?:\s+(.*?))?\s*$/.exec(
    line,
  );
  if (!match) return null;
  const [, type = "", encoded = "", comment = ""] = match;
  const blob = Buffer.from(encoded, "base64");
  // The blob repeats its own type as a length-prefixed string: a line whose two types differ is a lie.
  if (blob.length < 4 + type.length || blob.readUInt32BE(0) !== type.length) return null;
  if (blob.toString("latin1", 4, 4 + type.length) !== type) return null;
  return { type, blob, comment };
}

/** Equality of two key blobs in time that depends on their length only. */
export function sameKey(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** `SHA256:…`, as `ssh-keygen -l` prints it. */
export function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/** Who a key stands for, told by its comment (spec "Transport"). */
export type Principal =
  { kind: "agent"; name: string } | { kind: "shell"; name: string } | { kind: "operator"; name: string };

/** `agent=<id>`, `shell=<host>`, `operator=<name>` or v2's `shell->agent=<id>`; anything else identifies nobody. */
export function parsePrincipal(comment: string): Principal | null {
  const match = /^(agent|shell|operator|shell->agent)=([A-Za-z0-9._-]{1,64})$/.exec(comment.trim());
  if (!match) return null;
  const [, kind, name = ""] = match;
  if (kind === "agent" || kind === "operator") return { kind, name };
  return { kind: "shell", name };
}
