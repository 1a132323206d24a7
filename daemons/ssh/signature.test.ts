import { createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import { createKeyPair } from "./keypair.fake.ts";
import { signedBy } from "./signature.ts";

/** An ed25519 key pair as node sees it, with its SSH blob. */
function pair() {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const bytes = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  const text = (data: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, data]);
  };
  return { privateKey, blob: Buffer.concat([text(Buffer.from("ssh-ed25519")), text(bytes)]) };
}

test("true for the key's own signature only", () => {
  const { privateKey, blob } = pair();
  const data = Buffer.from("session id and request");
  const signature = sign(null, data, createPrivateKey(privateKey.export({ format: "pem", type: "pkcs8" })));
  expect(signedBy(blob, data, signature)).toBe(true);
  expect(signedBy(pair().blob, data, signature)).toBe(false);
  expect(signedBy(blob, Buffer.from("another request"), signature)).toBe(false);
  for (let i = 0; i < signature.length; i += 7) {
    const bent = Buffer.from(signature);
    bent[i] = (bent[i] ?? 0) ^ 1;
    expect(signedBy(blob, data, bent)).toBe(false);
  }
});

test("false, and no exception, for anything that is not 64 bytes by an ed25519 key", () => {
  const { blob } = pair();
  const data = Buffer.from("x");
  for (const length of [0, 1, 63, 65, 256]) expect(signedBy(blob, data, Buffer.alloc(length))).toBe(false);
  expect(signedBy(blob, data, Buffer.alloc(64))).toBe(false);
  const rsa = createKeyPair("agent=a", "rsa").blob;
  for (const wrong of [rsa, Buffer.alloc(0), blob.subarray(0, 50), Buffer.concat([blob, Buffer.alloc(1)])])
    expect(signedBy(wrong, data, Buffer.alloc(64))).toBe(false);
});
