import { ConvocateError } from "../../protocol/errors.ts";
import type { FleetAgent, FleetSession } from "../../protocol/fleet.ts";
import type { Orphan } from "../../protocol/orphan.ts";
import type { FleetSnapshot } from "../client/fleet-socket.ts";
import { clean } from "../render/clean.ts";
import { leastLoaded } from "../state/capacity.ts";

/** Those that are named: by name or whole UUID, else by the beginning of a UUID. */
function fitting<T extends { uuid: string; name: string }>(all: readonly T[], wanted: string): T[] {
  const named = all.filter(({ uuid, name }) => uuid === wanted || name === wanted);
  // A name that is written out is meant, also when some UUID begins with it.
  return named.length > 0 ? named : all.filter(({ uuid }) => beginsWith(uuid, wanted));
}

const beginsWith = (uuid: string, wanted: string): boolean =>
  wanted !== "" && uuid.startsWith(wanted.toLowerCase());

/** The session that `wanted` names: a UUID, a name, or the beginning of a UUID. Throws `not_found` or `ambiguous`. */
export function resolveSession(
  { sessions, agents, orphans = [] }: FleetSnapshot,
  wanted: string,
): FleetSession {
  const found = fitting(sessions, wanted);
  const [only, second] = found;
  if (only && !second) return only;
  if (!only) {
    const why =
      fitting(orphans, wanted).length > 0
        ? `${JSON.stringify(wanted)} is an orphan: \`convocate adopt\` makes it a session`
        : `no session is named ${JSON.stringify(wanted)}, and no UUID begins with it`;
    throw new ConvocateError("not_found", why);
  }
  const hosts = new Map(agents.map((agent) => [agent.agent_id, agent.host]));
  const where = ({ agent_id }: FleetSession) => ` on ${clean(hosts.get(agent_id) ?? agent_id)}`;
  throw ambiguous(
    wanted,
    `${String(found.length)} sessions`,
    found.map((one) => [one, where(one)]),
  );
}

/** Whether an orphan is named, and no session. */
export const isOrphan = ({ sessions, orphans = [] }: FleetSnapshot, wanted: string): boolean =>
  fitting(sessions, wanted).length === 0 && fitting(orphans, wanted).length > 0;

/** As `resolveSession`, of the shell host's orphans. */
export function resolveOrphan({ orphans = [], agents }: FleetSnapshot, wanted: string): Orphan {
  const found = fitting(orphans, wanted);
  const [only, second] = found;
  if (only && !second) return only;
  if (only)
    throw ambiguous(
      wanted,
      `${String(found.length)} orphans`,
      found.map((one) => [one, ""]),
    );
  // The status daemon tells of none that such an agent may have.
  const unheard = agents.filter(({ health, version }) => health === "down" && version === undefined);
  const may = unheard.map(
    ({ host }) => `; ${clean(host)} was not heard since the status daemon started, and may have it`,
  );
  throw new ConvocateError(
    "not_found",
    `no orphan is named ${JSON.stringify(wanted)}, and no UUID begins with it${may.join("")}`,
  );
}

function ambiguous(
  wanted: string,
  what: string,
  found: [one: { uuid: string; name: string }, where: string][],
): ConvocateError {
  const list = found.map(([{ uuid, name }, where]) => `\n  ${uuid}  ${clean(name)}${where}`);
  return new ConvocateError("ambiguous", `${JSON.stringify(wanted)} fits ${what}:${list.join("")}`);
}

/** The fleet, or what of it is on the agent named (id or host). Throws `not_found`. */
export function withinAgent(fleet: FleetSnapshot, wanted: string | undefined): FleetSnapshot {
  if (wanted === undefined) return fleet;
  const agent = resolveAgent(fleet, wanted);
  return {
    ...fleet,
    agents: [agent],
    orphans: [],
    sessions: fleet.sessions.filter(({ agent_id }) => agent_id === agent.agent_id),
  };
}

/** As `resolveAgent`; `auto` is the least loaded, where no agent has that name. Throws `unreachable` when none is up. */
export function resolveNewAgent(fleet: FleetSnapshot, wanted: string | undefined): FleetAgent {
  const named = fleet.agents.some(({ agent_id, host }) => agent_id === wanted || host === wanted);
  if (wanted !== "auto" || named) return resolveAgent(fleet, wanted);
  const agent = leastLoaded(fleet);
  if (agent) return agent;
  throw new ConvocateError("unreachable", "no agent is up; `convocate agents` says why");
}

/** The agent for a new session: the one named (id or host), else the only one. Throws `usage` or `not_found`. */
export function resolveAgent({ agents }: FleetSnapshot, wanted: string | undefined): FleetAgent {
  const known = agents.map(({ host, agent_id }) => `${clean(host)} (${clean(agent_id)})`).join(", ");
  const found =
    wanted === undefined
      ? agents
      : agents.filter(({ agent_id, host }) => agent_id === wanted || host === wanted);
  const [only, second] = found;
  if (only && !second) return only;
  if (agents.length === 0)
    throw new ConvocateError("not_found", "the fleet has no agent; `pulumi up` adds one");
  if (wanted === undefined)
    throw new ConvocateError("usage", `name one with --agent: ${known}; auto is the least loaded`);
  if (!only) throw new ConvocateError("not_found", `no agent ${JSON.stringify(wanted)}; there are ${known}`);
  throw new ConvocateError("ambiguous", `${JSON.stringify(wanted)} fits several agents: ${known}`);
}
