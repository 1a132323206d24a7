import { execFileSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ScratchProject } from "../../scratch-project.ts";

jest.setTimeout(120_000);

const project = new ScratchProject();
beforeAll(() => project.open());
afterAll(() => project.close());

const authority = (curve: string, hours = 8760, early = 0) => `
  import * as tls from "@pulumi/tls";
  const caKey = new tls.PrivateKey("ca-key", { algorithm: "ECDSA", ecdsaCurve: "${curve}" });
  const ca = new tls.SelfSignedCert("ca", { privateKeyPem: caKey.privateKeyPem, isCaCertificate: true, validityPeriodHours: 87600,
    subject: { commonName: "log authority", organization: "convocate" }, allowedUses: ["cert_signing", "crl_signing", "digital_signature"] });
  const key = new tls.PrivateKey("key", { algorithm: "ECDSA", ecdsaCurve: "P256" });
  const request = new tls.CertRequest("request", { privateKeyPem: key.privateKeyPem, subject: { commonName: "agent-a" },
    dnsNames: ["agent-a.example"], ipAddresses: ["10.0.0.1"] });
  new tls.LocallySignedCert("leaf", { certRequestPem: request.certRequestPem, caPrivateKeyPem: caKey.privateKeyPem, caCertPem: ca.certPem,
    validityPeriodHours: ${String(hours)}, earlyRenewalHours: ${String(early)}, allowedUses: ["digital_signature", "client_auth"] });
`;

async function outputs(): Promise<Record<string, Record<string, unknown>>> {
  const named = (await project.resources()).map(({ urn, id, outputs }) => [
    urn.split("::").pop() ?? "",
    { id, ...outputs },
  ]);
  return Object.fromEntries(named) as Record<string, Record<string, unknown>>;
}

/** `stack export --show-secrets` shows a secret as its JSON text in an envelope. */
const plain = (value: unknown): string =>
  typeof value === "string" ? value : (JSON.parse((value as { plaintext: string }).plaintext) as string);

function file(name: string, text: string): string {
  const path = join(project.folder, name);
  writeFileSync(path, text);
  chmodSync(path, 0o600);
  return path;
}

const openssl = (...args: string[]) => execFileSync("openssl", args, { encoding: "utf8" });

test("openssl accepts the chain, and finds the extensions where they belong", async () => {
  await project.up(authority("P256"));
  const { ca, leaf, key } = await outputs();
  const caFile = file("ca.pem", plain(ca?.["certPem"]));
  const leafFile = file("leaf.pem", plain(leaf?.["certPem"]));
  expect(openssl("verify", "-x509_strict", "-CAfile", caFile, "-purpose", "sslclient", leafFile)).toContain(
    "OK",
  );
  const text = openssl("x509", "-in", leafFile, "-noout", "-text", "-serial");
  expect(text).toMatch(/Key Usage: critical\s+Digital Signature/);
  expect(text).toMatch(/Extended Key Usage:\s+TLS Web Client Authentication/);
  expect(text).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
  expect(text).toMatch(/Authority Key Identifier/);
  expect(text).toContain("DNS:agent-a.example, IP Address:10.0.0.1");
  expect(text).toMatch(/Subject: CN = agent-a/);
  expect(BigInt(String(leaf?.["id"]))).toBe(BigInt(`0x${/serial=(\w+)/.exec(text)?.[1] ?? ""}`));
  const keyFile = file("key.pem", plain(key?.["privateKeyPem"]));
  expect(plain(key?.["privateKeyPem"])).toContain("BEGIN EC PRIVATE KEY");
  expect(openssl("ec", "-in", keyFile, "-pubout").trim()).toBe(plain(key?.["publicKeyPem"]).trim());
  expect(project.state).not.toContain("PRIVATE KEY");
});

test("no change is no change; a new key for the authority replaces everything it signed", async () => {
  const before = await outputs();
  expect((await project.up(authority("P256"))).output).toMatch(/Resources:\s+\d+ unchanged/);
  const run = await project.up(authority("P384"));
  expect(run.output).toMatch(/3 replaced/);
  const after = await outputs();
  for (const name of ["ca-key", "ca", "leaf"]) expect(after[name]?.["id"]).not.toBe(before[name]?.["id"]);
  for (const name of ["key", "request"]) expect(after[name]?.["id"]).toBe(before[name]?.["id"]);
});

test("earlyRenewalHours updates, until the certificate is inside the window: then it is replaced", async () => {
  const before = await outputs();
  expect((await project.up(authority("P384", 8760, 24))).output).toMatch(/1 updated/);
  const updated = await outputs();
  expect(updated["leaf"]?.["id"]).toBe(before["leaf"]?.["id"]);
  expect((await project.up(authority("P384", 8760, 8760))).output).toMatch(/1 replaced/);
  expect((await outputs())["leaf"]?.["id"]).not.toBe(before["leaf"]?.["id"]);
});

test("ssh-keygen reads every key that OpenSSH knows, and agrees on public half and fingerprint", async () => {
  await project.up(`
    import * as tls from "@pulumi/tls";
    for (let i = 0; i < 20; i++) new tls.PrivateKey("ed-" + i, { algorithm: "ED25519" });
    new tls.PrivateKey("rsa", { algorithm: "RSA", rsaBits: 2048 });
    new tls.PrivateKey("ec", { algorithm: "ECDSA", ecdsaCurve: "P256" });
    new tls.PrivateKey("default", { algorithm: "ECDSA" });`);
  const { default: p224, ...keys } = await outputs();
  const names = Object.keys(keys).filter((name) => /^(ed-\d+|rsa|ec)$/.test(name));
  expect(names).toHaveLength(22);
  for (const name of names) {
    const path = file(`ssh-${name}`, plain(keys[name]?.["privateKeyOpenssh"]));
    const publicKey = execFileSync("ssh-keygen", ["-y", "-f", path], { encoding: "utf8" });
    expect(publicKey.trim().split(" ").slice(0, 2).join(" ")).toBe(
      plain(keys[name]?.["publicKeyOpenssh"]).trimEnd(),
    );
    const print = execFileSync("ssh-keygen", ["-l", "-f", path], { encoding: "utf8" });
    expect(print).toContain(plain(keys[name]?.["publicKeyFingerprintSha256"]));
    expect(plain(keys[name]?.["publicKeyOpenssh"])).toMatch(/\n$/);
  }
  expect(p224?.["ecdsaCurve"]).toBe("P224");
  expect(p224?.["publicKeyOpenssh"]).toBe("");
  expect(p224?.["id"]).toMatch(/^[0-9a-f]{40}$/);
});

test("a wrong algorithm or use is refused by name before anything is made", async () => {
  const bad = await project.up(`
    import * as tls from "@pulumi/tls";
    const key = new tls.PrivateKey("k", { algorithm: "DSA" });`);
  expect(bad.code).not.toBe(0);
  expect(bad.output).toContain("algorithm");
  const use = await project.up(authority("P256").replace("client_auth", "clientAuth"));
  expect(use.output).toContain('unknown use "clientAuth"');
});
