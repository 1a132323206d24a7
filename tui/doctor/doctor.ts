import { agentId } from "../../protocol/config.ts";
import type { CheckJson } from "../../protocol/verbs.ts";
import type { ConvocateError } from "../../protocol/errors.ts";
import { fault } from "../client/fault.ts";
import { readFleet, type FleetSnapshot } from "../client/fleet-socket.ts";
import { registeredIds } from "../client/registry.ts";
import type { Access } from "../client/access.ts";
import { withinAgent } from "../verbs/resolve.ts";
import { agentChecks, type AgentFacts } from "./agent-checks.ts";
import { Findings, shellHost } from "./check.ts";
import { logState, watchLog } from "./log.ts";
import type { LogFacts } from "./log-check.ts";
import { agentLog, lookAtShell, shellChecks, type ShellPlaces } from "./shell-checks.ts";
import { visit } from "./visit.ts";
import { patience, within } from "./within.ts";

export interface DoctorOptions {
  access: Access;
  /** On the shell host itself; null elsewhere. */
  shell: (ShellPlaces & { agentKeys: string }) | null;
  /** Host name or id: nothing but this agent. */
  agent?: string | undefined;
}

/** Agents that are visited at once: from elsewhere each visit is a connection to the shell host's sshd, which takes few at a time. */
const visitors = { local: 64, jump: 6 };

/** Looks at everything, each thing by itself. Throws when `agent` names none. */
export async function doctor({ access, shell, agent }: DoctorOptions): Promise<CheckJson[]> {
  const looking = shell && agent === undefined ? lookAtShell(shell) : null;
  const fleet = await readFleet(access).catch((error: unknown) => fault(error, "internal"));
  const targets = await targetsOf(fleet, shell, agent);
  const facts = await atOnce(shell ? visitors.local : visitors.jump, targets, async (target) => ({
    ...target,
    ...(await visitAndLog(target.about.agent_id, access, shell)),
  }));
  return [
    ...fleetChecks(fleet, shell),
    ...(looking ? shellChecks(await looking, Date.now()) : []),
    ...facts.flatMap((agentFacts) => agentChecks(agentFacts, Date.now())),
  ];
}

type Target = Pick<AgentFacts, "known"> & { about: { agent_id: string; host: string | null } };

/** The fleet's agents; where the status daemon is away, those that are registered here. */
async function targetsOf(
  fleet: FleetSnapshot | ConvocateError,
  shell: DoctorOptions["shell"],
  agent: string | undefined,
): Promise<Target[]> {
  if (fleet instanceof Error) {
    const ids = shell ? await registeredIds(shell.agentKeys) : [];
    return ids
      .filter((id) => agent === undefined || agent === id)
      .map((id) => ({ about: { agent_id: id, host: null }, known: null }));
  }
  return withinAgent(fleet, agent)
    .agents.toSorted((a, b) => (a.host < b.host ? -1 : 1))
    .map((known) => ({ about: { agent_id: known.agent_id, host: known.host }, known }));
}

async function visitAndLog(
  id: string,
  access: Access,
  shell: ShellPlaces | null,
): Promise<Pick<AgentFacts, "visit" | "log">> {
  // Ids become paths.
  const file = shell && agentId.safeParse(id).success ? agentLog(shell, id) : null;
  const slow: LogFacts = { kind: "absent", why: "it took too long to look" };
  const before = file === null ? null : await within(logState(file), slow);
  const visited = await visit(id, access);
  if (file === null || before === null || visited.kind === "failed") return { visit: visited, log: null };
  return { visit: visited, log: await within(watchLog(file, before), slow, patience + 1_000) };
}

function fleetChecks(fleet: FleetSnapshot | ConvocateError, shell: ShellPlaces | null): CheckJson[] {
  const findings = new Findings(shellHost);
  if (fleet instanceof Error)
    findings.fail(
      "fleet",
      fleet.message,
      "`journalctl -u convocate-status` on the shell host; who asks has to be in group convocate.",
    );
  else {
    const [agents, sessions] = [fleet.agents.length, fleet.sessions.length];
    const found = `agents: ${String(agents)}, sessions: ${String(sessions)}`;
    if (agents > 0) findings.ok("fleet", found);
    else findings.warn("fleet", found, "Add an agent to the stack file, then `pulumi up`.");
  }
  if (!shell)
    findings.warn(
      "shell_host",
      "its names, certificates, disk and logs are looked at there only",
      "`ssh convocate@SHELL-HOST doctor`",
    );
  return findings.checks;
}

/** Does `work` for all, at most `slots` at a time; results in the order of `all`. */
async function atOnce<T, R>(slots: number, all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = all.entries();
  const worker = async () => {
    for (const [i, one] of queue) results[i] = await work(one);
  };
  await Promise.all(Array.from({ length: slots }, worker));
  return results;
}
