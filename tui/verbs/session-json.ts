import type { FleetAgent, FleetSession } from "../../protocol/fleet.ts";
import { stateOf, type SessionState } from "../../protocol/session.ts";

/** A session as `--json` prints it. Every field is always there; what there is none of is null. */
export interface SessionJson {
  uuid: string;
  name: string;
  agent_id: string;
  host: string | null;
  state: SessionState;
  /** False: this is the last that is known; `reason` says why. */
  reachable: boolean;
  reason: string | null;
  port: number | null;
  protocol: string;
  dns_name: string | null;
  image: string | null;
  command: string | null;
  labels: Record<string, string>;
  /** RFC 3339. */
  created_at: string;
  last_accessed: string;
  state_since: string | null;
}

export function sessionJson(session: FleetSession, agent: FleetAgent | undefined): SessionJson {
  return {
    uuid: session.uuid,
    name: session.name,
    agent_id: session.agent_id,
    host: agent?.host ?? null,
    state: stateOf(session),
    reachable: agent?.health === "up",
    reason: agent?.health === "up" ? null : (agent?.reason ?? agent?.health ?? "not in the fleet"),
    port: session.port || null,
    protocol: session.protocol || "tcp",
    dns_name: session.dns_name || null,
    image: session.image ?? null,
    command: session.command ?? null,
    labels: session.labels ?? {},
    created_at: session.created_at,
    last_accessed: session.last_accessed,
    state_since: session.state_since ?? null,
  };
}
