import type { ContestedName, FleetAgent, FleetMessage, FleetSession } from "../../protocol/fleet.ts";
import type { Orphan } from "../../protocol/orphan.ts";
import type { Session } from "../../protocol/session.ts";

/** What is known of all hosts and sessions. */
export interface Fleet {
  agents: ReadonlyMap<string, FleetAgent>;
  /** By agent and UUID: `<agent id>/<uuid>`. */
  sessions: ReadonlyMap<string, FleetSession>;
  /** How often each agent's sessions changed: an answer older than a change is not believed. */
  versions: ReadonlyMap<string, number>;
  /** DNS names that several sessions claim: who has each. */
  contested: ReadonlyMap<string, ContestedName>;
  /** Session directories on the shell host that no agent claims. */
  orphans: readonly Orphan[];
}

export const noFleet: Fleet = {
  agents: new Map(),
  sessions: new Map(),
  versions: new Map(),
  contested: new Map(),
  orphans: [],
};

export const sessionKey = (session: { agent_id: string; uuid: string }): string =>
  `${session.agent_id}/${session.uuid}`;

/** The fleet after a message of the status daemon. */
export function applyMessage(fleet: Fleet, message: FleetMessage): Fleet {
  switch (message.type) {
    case "snapshot":
      return {
        agents: new Map(message.agents.map((agent) => [agent.agent_id, agent])),
        sessions: new Map(message.sessions.map((session) => [sessionKey(session), session])),
        versions: message.agents.reduce((all, { agent_id }) => bumped(all, agent_id), fleet.versions),
        contested: byName(message.contested ?? []),
        orphans: message.orphans ?? [],
      };
    case "agent":
      return { ...fleet, agents: new Map(fleet.agents).set(message.agent.agent_id, message.agent) };
    case "agent.removed":
      return {
        ...fleet,
        agents: new Map([...fleet.agents].filter(([id]) => id !== message.agent_id)),
        sessions: new Map([...fleet.sessions].filter(([, s]) => s.agent_id !== message.agent_id)),
        versions: bumped(fleet.versions, message.agent_id),
      };
    case "session":
      return {
        ...fleet,
        sessions: new Map(fleet.sessions).set(sessionKey(message.session), message.session),
        versions: bumped(fleet.versions, message.session.agent_id),
      };
    case "session.removed": {
      const sessions = new Map(fleet.sessions);
      sessions.delete(sessionKey({ agent_id: message.agent_id, uuid: message.session_id }));
      return { ...fleet, sessions, versions: bumped(fleet.versions, message.agent_id) };
    }
    case "contested":
      return { ...fleet, contested: byName(message.names) };
    case "orphans":
      return { ...fleet, orphans: message.orphans };
    case "event":
      return fleet;
  }
}

/** The fleet after an agent answered with all its sessions, asked at `version`. */
export function applyList(
  fleet: Fleet,
  agentId: string,
  { sessions, version }: { sessions: Session[]; version: number },
): Fleet {
  if (!fleet.agents.has(agentId) || (fleet.versions.get(agentId) ?? 0) !== version) return fleet;
  const others = [...fleet.sessions].filter(([, session]) => session.agent_id !== agentId);
  const listed = sessions.map((session) => ({ ...session, agent_id: agentId }));
  return {
    ...fleet,
    sessions: new Map([...others, ...listed.map((s): [string, FleetSession] => [sessionKey(s), s])]),
  };
}

const byName = (names: readonly ContestedName[]): Fleet["contested"] =>
  new Map(names.map((contested) => [contested.name, contested]));

function bumped(versions: ReadonlyMap<string, number>, agentId: string): Map<string, number> {
  return new Map(versions).set(agentId, (versions.get(agentId) ?? 0) + 1);
}
