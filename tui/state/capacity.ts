import type { z } from "zod";
import type { FleetAgent, FleetSession } from "../../protocol/fleet.ts";
import { stateOf } from "../../protocol/session.ts";
import { eventData } from "../../protocol/status.ts";
import type { State } from "./state.ts";

export type Capacity = z.infer<(typeof eventData)["agent.capacity"]>;

/** What an agent told of its host; null from v2's, and before it told anything. */
export function capacityOf(agent: FleetAgent): Capacity | null {
  return eventData["agent.capacity"].safeParse(agent["capacity"]).data ?? null;
}

/** The fleet as far as it matters for where a new session goes. */
export interface Places {
  agents: readonly FleetAgent[];
  sessions: readonly FleetSession[];
}

/**
 * The agent with the smallest share of its memory promised; those that do not tell come last, of equals the one with
 * the fewest sessions that run. Null when none is up.
 */
export function leastLoaded({ agents, sessions }: Places): FleetAgent | null {
  const running = new Map<string, number>();
  for (const session of sessions) {
    if (stateOf(session) === "stopped") continue;
    running.set(session.agent_id, (running.get(session.agent_id) ?? 0) + 1);
  }
  const [best] = agents
    .filter(({ health }) => health === "up")
    .map((agent) => ({ agent, share: promisedShare(agent), running: running.get(agent.agent_id) ?? 0 }))
    .sort((a, b) => a.share - b.share || a.running - b.running || (a.agent.host < b.agent.host ? -1 : 1));
  return best?.agent ?? null;
}

/** What *auto* means now: the least loaded of the agents that we reach too. */
export const automatic = ({ fleet, links }: Pick<State, "fleet" | "links">): FleetAgent | null =>
  leastLoaded({
    agents: [...fleet.agents.values()].filter(({ agent_id }) => !links.has(agent_id)),
    sessions: [...fleet.sessions.values()],
  });

/** Beyond every share that can be told. */
const unknown = Number.MAX_VALUE;

function promisedShare(agent: FleetAgent): number {
  const capacity = capacityOf(agent);
  return capacity && capacity.memory_bytes > 0
    ? capacity.memory_promised_bytes / capacity.memory_bytes
    : unknown;
}
