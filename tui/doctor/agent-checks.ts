import { errorTable, type ConvocateError } from "../../protocol/errors.ts";
import type { FleetAgent } from "../../protocol/fleet.ts";
import { fingerprint, parsePublicKey } from "../../protocol/keys.ts";
import { silentAfter } from "../../protocol/status.ts";
import type { CheckJson } from "../../protocol/verbs.ts";
import { protocolVersion } from "../../protocol/version.ts";
import { age } from "../render/age.ts";
import { capacityCells } from "../render/capacity.ts";
import { capacityOf } from "../state/capacity.ts";
import { skewOf } from "../state/skew.ts";
import { Findings, type About } from "./check.ts";
import { diskCheck, fullShare } from "./disk-check.ts";
import { logCheck, type LogFacts } from "./log-check.ts";
import type { Visit } from "./visit.ts";

/** What was gathered about one agent. */
export interface AgentFacts {
  about: About;
  /** What the status daemon knows; null where only the registration is known. */
  known: FleetAgent | null;
  visit: Visit;
  /** Null: not looked at. */
  log: LogFacts | null;
}

/** Milliseconds that clocks may differ: certificates and logs do not mind. */
const clockSlack = 2_000;
/** Milliseconds beyond which they do. */
const clockBroken = 60_000;

/** Judges an agent. `now` in milliseconds, by the clock that the facts were gathered with. */
export function agentChecks({ about, known, visit, log }: AgentFacts, now: number): CheckJson[] {
  const findings = new Findings(about);
  if (visit.kind === "failed") failedVisit(findings, visit.error);
  else {
    const key = parsePublicKey(visit.hostKey);
    findings.ok("reachable", `${visit.at} answered in ${String(visit.ms)} ms`);
    findings.ok("host_key", `${key ? fingerprint(key.blob) : "the one"} that is pinned`);
    findings.ok("login", "our key is taken");
  }
  if (known) heartbeat(findings, known, now);
  if (visit.kind === "answered") {
    clock(findings, visit);
    versions(findings, visit);
  }
  if (known?.health === "up") room(findings, known);
  if (log && visit.kind === "answered") logCheck(findings, log, now);
  return findings.checks;
}

/** The first thing that went wrong: what comes before it went well, what comes after was not reached. */
function failedVisit(findings: Findings, { code, message }: ConvocateError): void {
  const { remedy } = errorTable[code];
  switch (code) {
    case "host_key_changed":
      findings.ok("reachable", "something answers");
      return findings.fail("host_key", message, remedy);
    case "host_key_unpinned":
      return findings.fail("host_key", message, remedy);
    case "auth_refused":
      findings.ok("reachable", "it answers");
      findings.ok("host_key", "the one that is pinned");
      return findings.fail("login", message, remedy);
    case "unreachable":
      return findings.fail(
        "reachable",
        message,
        "Is the host up? `systemctl status convocate-agent` there; its firewall lets the shell host in at tcp/222.",
      );
    default:
      return findings.fail("reachable", message, remedy);
  }
}

function heartbeat(findings: Findings, agent: FleetAgent, now: number): void {
  const { health, since, reason, heartbeat_at } = agent;
  const remedy = "`journalctl -u convocate-agent` on the host: it dials the shell host at tcp/223.";
  if (health !== "up") {
    const why = reason === undefined ? "" : `: ${reason}`;
    return findings.fail("heartbeat", `${health} since ${age(since, now)}${why}`, remedy);
  }
  if (heartbeat_at === undefined)
    return findings.warn("heartbeat", "up; when it was heard last is not told", "Update the shell host.");
  const found = `heard ${age(heartbeat_at, now)} ago`;
  if (now - Date.parse(heartbeat_at) <= silentAfter) return findings.ok("heartbeat", found);
  findings.warn(
    "heartbeat",
    `${found}, and still taken for up`,
    "`journalctl -u convocate-status` on the shell host; from another machine, look at the clocks first.",
  );
}

type Answered = Extract<Visit, { kind: "answered" }>;

function clock(findings: Findings, { ahead, unsure }: Answered): void {
  if (Number.isNaN(ahead))
    return findings.warn("clock", "the agent tells no time", "Update the agent: `pulumi up`.");
  const off = Math.max(0, Math.abs(ahead) - unsure);
  const found =
    off < 1_000
      ? "the same within a second"
      : `${(off / 1_000).toFixed(0)} s ${ahead > 0 ? "ahead" : "behind"}`;
  const remedy =
    "`timedatectl` on both hosts: one has no time server. `timedatectl set-ntp true`, and let udp/123 out.";
  if (off <= clockSlack) findings.ok("clock", found);
  else if (off <= clockBroken) findings.warn("clock", found, remedy);
  else findings.fail("clock", found, remedy);
}

function versions(findings: Findings, { version, protocol }: Answered): void {
  const skew = skewOf(version);
  if (protocol === 0)
    return findings.warn("version", `${version}, which speaks v2's protocol`, "`pulumi up` brings ours.");
  const found = `${version}, protocol ${String(protocol)}`;
  if (skew === "newer" || protocol > protocolVersion)
    return findings.warn("version", `${found}: newer than this program`, "Update this program: `pulumi up`.");
  if (skew === "older")
    return findings.warn("version", `${found}: older than this program`, "Update the agent: `pulumi up`.");
  findings.ok("version", found);
}

function room(findings: Findings, agent: FleetAgent): void {
  const told = capacityOf(agent);
  if (!told) return findings.warn("memory", "the agent does not tell", "Update the agent: `pulumi up`.");
  const [memory] = capacityCells(agent);
  const taken = Math.max(told.memory_used_bytes ?? 0, told.memory_promised_bytes) / told.memory_bytes;
  if (taken < fullShare) findings.ok("memory", memory);
  else findings.warn("memory", memory, "No session more starts: stop one, or use another agent.");
  const { disk_bytes: total, disk_used_bytes: used } = told;
  if (total !== undefined && used !== undefined)
    diskCheck(findings, {
      total,
      used,
      remedy: "Delete sessions that are not needed, or give the host a larger disk.",
    });
}
