import { isDeepStrictEqual } from "node:util";
import type { FleetMessage, FleetSession } from "../../protocol/fleet.ts";
import { fleetAgentOf, type Agent } from "./agent.ts";

const none: ReadonlyMap<string, FleetSession> = new Map();

/** What readers must hear when one agent was `before` and is `after` (undefined: was or is not there). */
export function changesOf(before: Agent | undefined, after: Agent | undefined): FleetMessage[] {
  if (before === after) return [];
  const shownBefore = before ? fleetAgentOf(before) : null;
  const shown = after ? fleetAgentOf(after) : null;
  const sessionsBefore = before && shownBefore ? before.sessions : none;
  const sessions = after && shown ? after.sessions : none;
  const changes: FleetMessage[] = [];

  if (shown && !isDeepStrictEqual(shown, shownBefore)) changes.push({ type: "agent", agent: shown });
  if (sessions !== sessionsBefore) {
    for (const { uuid, agent_id } of sessionsBefore.values())
      if (!sessions.has(uuid)) changes.push({ type: "session.removed", agent_id, session_id: uuid });
    for (const session of sessions.values()) {
      const known = sessionsBefore.get(session.uuid);
      // The same object most of the time; after a snapshot an equal one.
      if (known !== session && !isDeepStrictEqual(known, session)) changes.push({ type: "session", session });
    }
  }
  if (shownBefore && !shown) changes.push({ type: "agent.removed", agent_id: shownBefore.agent_id });
  return changes;
}
