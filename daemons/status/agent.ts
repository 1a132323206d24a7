import type { FleetAgent, FleetSession } from "../../protocol/fleet.ts";
import type { Session } from "../../protocol/session.ts";
import type { StatusEvent } from "../../protocol/status.ts";

/** What provisioning recorded of an agent. */
export interface Registration {
  agent_id: string;
  /** The stack's name of the host. */
  host: string;
  /** Where tcp/222 is reached. */
  address: string;
  /** The pinned host key, a public key line; none where none is recorded. */
  host_key?: string;
  /** When the certificate of its log channel ends; RFC 3339. */
  certificate_until?: string;
}

/** A snapshot that has not arrived whole. */
export interface Gathering {
  /** Number of the last part that arrived. */
  part: number;
  sessions: readonly Session[];
  /** What happened meanwhile, to be applied again on top. */
  meanwhile: readonly StatusEvent[];
}

/** One agent as the status daemon knows it. */
export interface Agent {
  agent_id: string;
  /** Null: its key is admitted, but it is not registered (yet, or any more) and not shown. */
  registration: Registration | null;
  connected: boolean;
  /** When it connected last, in milliseconds since 1970. */
  connectedAt: number;
  /** It has told all its sessions since then. */
  told: boolean;
  /** It has told them, or was asked for them, since this daemon started: `sessions` is what it had last. */
  known: boolean;
  health: FleetAgent["health"];
  /** RFC 3339. */
  since: string;
  reason: string | null;
  /** When the last heartbeat came, in milliseconds since 1970. */
  beat: number;
  /** Why it is about to leave, as it told. */
  leaving: string | null;
  version: string | null;
  image_tag: string | null;
  /** What `agent.capacity` told last. */
  capacity: unknown;
  sessions: ReadonlyMap<string, FleetSession>;
  gathering: Gathering | null;
}

export function newAgent(agent_id: string, now: Date): Agent {
  return {
    agent_id,
    registration: null,
    connected: false,
    connectedAt: 0,
    told: false,
    known: false,
    health: "down",
    since: now.toISOString(),
    reason: "not connected since the status daemon started or the agent was added",
    beat: 0,
    leaving: null,
    version: null,
    image_tag: null,
    capacity: null,
    sessions: new Map(),
    gathering: null,
  };
}

/** The agent as readers see it; null when it is not shown. */
export function fleetAgentOf(agent: Agent): FleetAgent | null {
  if (!agent.registration) return null;
  return {
    ...agent.registration,
    health: agent.health,
    since: agent.since,
    ...(agent.reason !== null && { reason: agent.reason }),
    ...(agent.version !== null && { version: agent.version }),
    ...(agent.image_tag !== null && { image_tag: agent.image_tag }),
    ...(agent.capacity !== null && { capacity: agent.capacity }),
  };
}
