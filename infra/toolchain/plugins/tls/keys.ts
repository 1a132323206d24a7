import { createPrivateKey, createPublicKey, webcrypto, type KeyObject } from "node:crypto";

const ecdsa: Record<string, { namedCurve: string; hash: string }> = {
  prime256v1: { namedCurve: "P-256", hash: "SHA-256" },
  secp384r1: { namedCurve: "P-384", hash: "SHA-384" },
  secp521r1: { namedCurve: "P-521", hash: "SHA-512" },
};

/** Web Crypto's names for what a key can sign with; ECDSA hashes as Go's x509 does. */
function algorithmOf(
  key: KeyObject,
): webcrypto.RsaHashedImportParams & webcrypto.EcKeyImportParams & webcrypto.EcdsaParams {
  const type = key.asymmetricKeyType;
  const curve = ecdsa[key.asymmetricKeyDetails?.namedCurve ?? ""];
  if (type === "rsa") return { name: "RSASSA-PKCS1-v1_5", namedCurve: "", hash: "SHA-256" };
  if (type === "ed25519") return { name: "Ed25519", namedCurve: "", hash: "" };
  if (curve) return { name: "ECDSA", ...curve };
  throw new Error("private key: use ED25519, RSA, or ECDSA with ecdsaCurve P256, P384 or P521");
}

export interface SigningKey {
  algorithm: ReturnType<typeof algorithmOf>;
  pair: webcrypto.CryptoKeyPair;
  /** Pulumi's name: RSA, ECDSA or ED25519. */
  kind: string;
}

/** A private key in any PEM form, as Web Crypto wants it. */
export async function importKey(pem: string): Promise<SigningKey> {
  const key = createPrivateKey(pem);
  const algorithm = algorithmOf(key);
  const { subtle } = webcrypto;
  const der = key.export({ type: "pkcs8", format: "der" });
  const spki = createPublicKey(key).export({ type: "spki", format: "der" });
  const kinds: Record<string, string> = { rsa: "RSA", ec: "ECDSA", ed25519: "ED25519" };
  return {
    algorithm,
    pair: {
      privateKey: await subtle.importKey("pkcs8", der, algorithm, true, ["sign"]),
      publicKey: await subtle.importKey("spki", spki, algorithm, true, ["verify"]),
    },
    kind: kinds[key.asymmetricKeyType ?? ""] ?? "",
  };
}
