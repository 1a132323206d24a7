import { createPublicKey, verify } from "node:crypto";

const type = Buffer.from("ssh-ed25519");
/** RFC 8410: SubjectPublicKeyInfo of an ed25519 key, up to its 32 bytes. */
const spki = Buffer.from("302a300506032b6570032100", "hex");

/** The 32 bytes in an ssh-ed25519 key blob (RFC 8709 §4); null for any other blob. */
function ed25519Bytes(blob: Buffer): Buffer | null {
  const head = 4 + type.length;
  if (blob.length !== head + 4 + 32) return null;
  if (blob.readUInt32BE(0) !== type.length || !blob.subarray(4, head).equals(type)) return null;
  return blob.readUInt32BE(head) === 32 ? blob.subarray(head + 4) : null;
}

/**
 * Whether `signature` (64 bytes, RFC 8032) of `data` is by the ssh-ed25519 key `blob`. Not ssh2's `key.verify()`: that
 * one may return an Error, which is truthy, for a signature declared to be of another algorithm.
 */
export function signedBy(blob: Buffer, data: Buffer, signature: Buffer): boolean {
  const bytes = ed25519Bytes(blob);
  if (!bytes || signature.length !== 64) return false;
  const key = createPublicKey({ key: Buffer.concat([spki, bytes]), format: "der", type: "spki" });
  return verify(null, data, key, signature);
}
