import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import sshpk from "sshpk";
import { z } from "zod";
import type { Resource } from "../provider.ts";
import { unknown, type Properties } from "../wire.ts";

/** Pulumi's names of the curves and Node's. */
const curves = { P224: "secp224r1", P256: "prime256v1", P384: "secp384r1", P521: "secp521r1" } as const;

// P-224 is the default of the official plugin, not a recommendation: OpenSSH does not know it.
const defaults = { rsaBits: 2048, ecdsaCurve: "P224" } as const;

const schema = z.looseObject({
  algorithm: z.enum(["RSA", "ECDSA", "ED25519"]),
  rsaBits: z.int().min(1024).max(16384).default(defaults.rsaBits),
  ecdsaCurve: z.enum(["P224", "P256", "P384", "P521"]).default(defaults.ecdsaCurve),
});

function generate({ algorithm, rsaBits, ecdsaCurve }: z.infer<typeof schema>): KeyObject {
  if (algorithm === "RSA") return generateKeyPairSync("rsa", { modulusLength: rsaBits }).privateKey;
  if (algorithm === "ECDSA") return generateKeyPairSync("ec", { namedCurve: curves[ecdsaCurve] }).privateKey;
  return generateKeyPairSync("ed25519").privateKey;
}

const pem = (key: KeyObject, type: "pkcs1" | "pkcs8" | "sec1"): string =>
  key.export({ type, format: "pem" }).toString();

/** PKCS#1 for RSA, SEC1 for ECDSA, PKCS#8 for ED25519. */
function traditionalPem(key: KeyObject): string {
  if (key.asymmetricKeyType === "rsa") return pem(key, "pkcs1");
  return pem(key, key.asymmetricKeyType === "ec" ? "sec1" : "pkcs8");
}

/** OpenSSH's forms of the key; empty for P-224, which OpenSSH does not know. */
function opensshForms(pkcs8: string, curve: string | undefined): Properties {
  if (curve === curves.P224) {
    return {
      privateKeyOpenssh: "",
      publicKeyOpenssh: "",
      publicKeyFingerprintMd5: "",
      publicKeyFingerprintSha256: "",
    };
  }
  const key = sshpk.parsePrivateKey(pkcs8, "pkcs8");
  key.comment = "";
  const blob = key.toPublic().toBuffer("rfc4253");
  return {
    privateKeyOpenssh: key.toString("openssh"),
    publicKeyOpenssh: `${key.toPublic().toString("ssh").split(" ").slice(0, 2).join(" ").trim()}\n`,
    publicKeyFingerprintMd5: createHash("md5")
      .update(blob)
      .digest("hex")
      .replace(/..(?!$)/g, "$&:"),
    publicKeyFingerprintSha256: `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`,
  };
}

/** `tls:index/privateKey:PrivateKey`. The id is the SHA-1 of the public key's SubjectPublicKeyInfo, in hex. */
export const privateKey: Resource = {
  inputs: ["algorithm", "rsaBits", "ecdsaCurve"],
  replaceOn: ["algorithm", "rsaBits", "ecdsaCurve"],
  defaults,
  secretOutputs: ["privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"],
  check(inputs: Properties) {
    if (inputs["algorithm"] === unknown) return [];
    return (schema.safeParse(inputs).error?.issues ?? []).map(({ path, message }) => ({
      property: path.join("."),
      reason: message,
    }));
  },
  create(_name: string, inputs: Properties) {
    const options = schema.parse(inputs);
    const key = generate(options);
    const publicKey = createPublicKey(key);
    const pkcs8 = pem(key, "pkcs8");
    const id = createHash("sha1")
      .update(publicKey.export({ type: "spki", format: "der" }))
      .digest("hex");
    const outs = {
      ...options,
      privateKeyPem: traditionalPem(key),
      privateKeyPemPkcs8: pkcs8,
      publicKeyPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
      ...opensshForms(pkcs8, key.asymmetricKeyDetails?.namedCurve),
    };
    return Promise.resolve({ id, outs });
  },
};
