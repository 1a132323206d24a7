import type { FleetSession } from "../../protocol/fleet.ts";
import type { Orphan } from "../../protocol/orphan.ts";
import { stateOf, type SessionState } from "../../protocol/session.ts";
import { sessionKey, type Fleet } from "./fleet.ts";

/** Why something cannot be reached, and since when. */
export interface Trouble {
  reason: string;
  /** RFC 3339. */
  since: string;
}

/** A line of the list. */
export interface Row {
  key: string;
  /** Of an orphan what its copy says; its agent is none, ``. */
  session: FleetSession;
  state: SessionState | "orphan";
  /** What an orphan is; null: the row is a session. */
  orphan: Orphan | null;
  /** The host's name, for people. */
  agent: string;
  /** Set: the row is the last that is known. */
  trouble: Trouble | null;
  /** Who has the DNS name that this session claims too: `session on host`; null: nobody else. */
  nameHolder: string | null;
}

/** Our own links that are down, by agent id. */
export type LinkTroubles = ReadonlyMap<string, Trouble>;

/** What keeps an agent out of reach: the status daemon's word first, then our own link to it. */
export function troubleOf(fleet: Fleet, links: LinkTroubles, agentId: string): Trouble | null {
  const agent = fleet.agents.get(agentId);
  if (!agent) return { reason: "not in the fleet", since: "" };
  if (agent.health !== "up") {
    const reason = agent.reason ?? (agent.health === "silent" ? "no heartbeat" : "not connected");
    return { reason, since: agent.since };
  }
  return links.get(agentId) ?? null;
}

/** All sessions, most recently accessed first; of equals the newest UUID decides, so that rows never dance. */
export function rowsOf(fleet: Fleet, links: LinkTroubles): Row[] {
  const troubles = new Map([...fleet.agents.keys()].map((id) => [id, troubleOf(fleet, links, id)]));
  const orphans = fleet.orphans.map((orphan) => ({
    at: Date.parse(orphan.last_accessed) || 0,
    row: orphanRow(orphan),
  }));
  return [...fleet.sessions.values()]
    .map((session): { at: number; row: Row } => ({
      at: Date.parse(session.last_accessed) || 0,
      row: {
        key: sessionKey(session),
        session,
        state: stateOf(session),
        orphan: null,
        agent: fleet.agents.get(session.agent_id)?.host ?? session.agent_id,
        trouble: troubles.get(session.agent_id) ?? null,
        nameHolder: nameHolderOf(fleet, session),
      },
    }))
    .concat(orphans)
    .sort((a, b) => b.at - a.at || (a.row.key < b.row.key ? -1 : 1))
    .map(({ row }) => row);
}

function orphanRow(orphan: Orphan): Row {
  const { uuid, name, created_at, last_accessed, port, protocol, dns_name } = orphan;
  const session = { uuid, name, created_at, last_accessed, port, protocol, dns_name, agent_id: "" };
  return {
    key: sessionKey(session),
    session,
    state: "orphan",
    orphan,
    agent: "shell host",
    trouble: null,
    nameHolder: null,
  };
}

/** The status daemon decides it, for it is who publishes the names. */
function nameHolderOf(fleet: Fleet, session: FleetSession): string | null {
  const held = fleet.contested.get(session.dns_name ?? "");
  if (!held || (held.agent_id === session.agent_id && held.session_id === session.uuid)) return null;
  const holder = fleet.sessions.get(sessionKey({ agent_id: held.agent_id, uuid: held.session_id }));
  const host = fleet.agents.get(held.agent_id)?.host ?? held.agent_id;
  return `${holder?.name ?? held.session_id} on ${host}`;
}
