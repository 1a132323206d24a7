import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parsePublicKey } from "../../protocol/keys.ts";

export interface KeyPair {
  /** OpenSSH private key text. */
  privateKey: string;
  /** Public key line with its comment, without newline. */
  publicKey: string;
  blob: Buffer;
}

/** A key as operators have them, made by ssh-keygen (one in 256 that ssh2 generates cannot be read again). */
export function createKeyPair(comment: string, type: "ed25519" | "rsa" = "ed25519"): KeyPair {
  const directory = mkdtempSync(join(tmpdir(), "convocate-key-"));
  try {
    const file = join(directory, "key");
    const bits = type === "rsa" ? ["-b", "2048"] : [];
    execFileSync("ssh-keygen", ["-q", "-t", type, ...bits, "-N", "", "-C", comment, "-f", file]);
    const publicKey = readFileSync(`${file}.pub`, "utf8").trim();
    const blob = parsePublicKey(publicKey)?.blob;
    if (!blob) throw new Error(`ssh-keygen wrote ${publicKey}`);
    return { privateKey: readFileSync(file, "utf8"), publicKey, blob };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
