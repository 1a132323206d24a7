import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";

/** An ed25519 pair of the stack. */
export interface KeyPair {
  /** OpenSSH text; a secret. Empty: the host keeps its own. */
  privateKey: pulumi.Output<string>;
  /** `ssh-ed25519 AAAA…`, without comment. */
  publicKey: pulumi.Output<string>;
}

/** A pair that a host has and keeps: nobody else knows more than its public half. */
export const keptKeyPair = (publicKey: string): KeyPair => ({
  privateKey: pulumi.output(""),
  publicKey: pulumi.output(publicKey),
});

export function mintKeyPair(name: string, parent: pulumi.Resource): KeyPair {
  const key = new tls.PrivateKey(name, { algorithm: "ED25519" }, { parent });
  return {
    privateKey: key.privateKeyOpenssh.apply((text) => text.trimEnd()),
    publicKey: key.publicKeyOpenssh.apply((text) => text.trimEnd()),
  };
}
