import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { hostsFile, paths } from "../../protocol/config.ts";
import type { CheckJson } from "../../protocol/verbs.ts";
import { certificateCheck, readCertificates, type CertificateFacts } from "./certificates.ts";
import { Findings, shellHost } from "./check.ts";
import { diskCheck } from "./disk-check.ts";
import { fileError } from "./file-error.ts";
import { namesCheck, readNames, type NamesFacts } from "./names.ts";
import { within } from "./within.ts";

/** Where the shell host's own things are. */
export interface ShellPlaces {
  /** `/`. */
  root: string;
  /** Who is asked for sessions' names: `address` or `address:port`. */
  resolver: string;
}

/** What was gathered on the shell host itself; null: it took too long. */
export interface ShellFacts {
  names: NamesFacts | null;
  certificates: CertificateFacts[] | null;
  disk: { total: number; used: number } | { why: string } | null;
}

/** Where rsyslog files an agent's log. */
export const agentLog = ({ root }: ShellPlaces, agentId: string): string =>
  join(root, "var/log/convocate-agent", `${agentId}.log`);

export async function lookAtShell({ root, resolver }: ShellPlaces): Promise<ShellFacts> {
  const [names, certificates, disk] = await Promise.all([
    within(readNames(join(root, paths.shellState, hostsFile), resolver), null),
    within(readCertificates(join(root, paths.shellConfig)), null),
    within(readDisk(join(root, "var")), null),
  ]);
  return { names, certificates, disk };
}

/** The filesystem's size and what is used of it, in bytes; what is kept for root counts as used. */
async function readDisk(folder: string): Promise<ShellFacts["disk"]> {
  try {
    const { bsize, blocks, bavail } = await statfs(folder);
    return { total: bsize * blocks, used: bsize * (blocks - bavail) };
  } catch (error) {
    return { why: `${folder}: ${fileError(error)}` };
  }
}

const slow = "it took too long to look";

/** `now` in milliseconds since 1970. */
export function shellChecks({ names, certificates, disk }: ShellFacts, now: number): CheckJson[] {
  const findings = new Findings(shellHost);
  if (names) namesCheck(findings, names);
  else findings.warn("dns", slow, "Look at the disk of the shell host.");
  if (certificates) for (const facts of certificates) certificateCheck(findings, facts, now);
  else findings.warn("certificate", slow, "Look at the disk of the shell host.");
  if (disk && "total" in disk)
    diskCheck(findings, { ...disk, remedy: "Make room below /var: `du -xh -d2 /var | sort -h | tail`." });
  else findings.warn("disk", disk?.why ?? slow, "`mount` and `dmesg` on the shell host.");
  return findings.checks;
}
