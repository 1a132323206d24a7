import { generateKeyPairSync } from "node:crypto";
import sshpk from "sshpk";

/** An ed25519 pair in OpenSSH's forms, the public half without comment. */
export interface HostKey {
  private: string;
  public: string;
}

/** A key for a machine that is not there yet: so it is known before its first answer. */
export function mintHostKey(): HostKey {
  const { privateKey } = generateKeyPairSync("ed25519");
  const key = sshpk.parsePrivateKey(privateKey.export({ type: "pkcs8", format: "pem" }).toString(), "pkcs8");
  key.comment = "";
  return {
    private: key.toString("openssh"),
    public: key.toPublic().toString("ssh").split(" ").slice(0, 2).join(" ").trim(),
  };
}
