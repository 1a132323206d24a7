import type { FleetSession } from "../../protocol/fleet.ts";
import type { Session } from "../../protocol/session.ts";
import type { Agent } from "./agent.ts";

/** Sessions we keep of one agent: more is a defect of the agent, not a fleet. */
export const sessionsMax = 10_000;

export interface Part {
  part: number;
  last: boolean;
  sessions: Session[];
}

/**
 * Takes one part of a snapshot. Parts come in order; a number that does not follow the last one begins anew. The part
 * with `last` replaces what was known. A string says what is wrong with the part; what was known then stays.
 */
export function takePart(agent: Agent, part: Part): Agent | string {
  const before = agent.gathering && part.part === agent.gathering.part + 1 ? agent.gathering : null;
  // Parts are counted from 0 or from 1.
  if (!before && part.part > 1) return `part ${String(part.part)} of a snapshot without those before it`;
  const sessions = [...(before?.sessions ?? []), ...part.sessions];
  if (sessions.length > sessionsMax) return `a snapshot of more than ${String(sessionsMax)} sessions`;
  if (part.last) {
    const whole = owned(agent.agent_id, sessions);
    return { ...agent, told: true, known: true, gathering: null, sessions: whole };
  }
  return { ...agent, gathering: { part: part.part, sessions, meanwhile: before?.meanwhile ?? [] } };
}

/** Sessions of an agent by uuid, with whose they are. */
export function owned(agent_id: string, sessions: Session[]): ReadonlyMap<string, FleetSession> {
  return new Map(sessions.map((session) => [session.uuid, { ...session, agent_id }]));
}
