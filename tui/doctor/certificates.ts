import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Findings } from "./check.ts";
import { fileError } from "./file-error.ts";

/** A certificate of the log authority: when it ends (milliseconds since 1970), or why that is not known. */
export type CertificateFacts = { file: string } & (
  { kind: "known"; ends: number } | { kind: "unknown"; why: string }
);

/** Days before the end at which somebody should hear of it. */
const warnDays = 30;
const day = 86_400_000;

/** Below the shell host's configuration: what agents trust, and what the shell host shows them. */
const folder = "rsyslog-ca";
const [authority, server] = ["ca.pem", "server.pem"];

export function readCertificates(shellConfig: string): Promise<CertificateFacts[]> {
  return Promise.all(
    [authority, server].map(async (name): Promise<CertificateFacts> => {
      const file = join(shellConfig, folder, name);
      try {
        const ends = endsOf(await readFile(file, "utf8"));
        // While an authority changes, the new one is trusted beside the old. Behind the server's own stands who signed it.
        return { file, kind: "known", ends: name === authority ? Math.max(...ends) : (ends[0] ?? 0) };
      } catch (error) {
        return { file, kind: "unknown", why: fileError(error) };
      }
    }),
  );
}

/** When each certificate in a file ends. */
function endsOf(pem: string): number[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new Error("there is no certificate in it");
  return blocks.map((block) => new X509Certificate(block).validToDate.getTime());
}

/** `now` in milliseconds since 1970. */
export function certificateCheck(findings: Findings, facts: CertificateFacts, now: number): void {
  if (facts.kind === "unknown")
    return findings.warn(
      "certificate",
      `${facts.file}: not set up: ${facts.why}`,
      "`pulumi up` sets the log authority up; its certificates are no secret.",
    );
  const days = Math.floor((facts.ends - now) / day);
  const renew = "`pulumi up` renews it.";
  if (days < 0) return findings.fail("certificate", `${facts.file} ended ${String(-days)} days ago`, renew);
  const found = `${facts.file} is good for ${String(days)} days`;
  if (days < warnDays) findings.warn("certificate", found, renew);
  else findings.ok("certificate", found);
}
