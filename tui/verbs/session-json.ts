import type { FleetAgent, FleetSession } from "../../protocol/fleet.ts";
import type { Orphan } from "../../protocol/orphan.ts";
import { stateOf } from "../../protocol/session.ts";
import type { SessionJson } from "../../protocol/verbs.ts";

/** A session as `--json` prints it. */
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
    repo: session.repo ?? null,
    branch: session.branch ?? null,
    labels: session.labels ?? {},
    created_at: session.created_at,
    last_accessed: session.last_accessed,
    state_since: session.state_since ?? null,
    exit_cause: session.exit_cause ?? null,
    size_bytes: null,
  };
}

/** An orphan as `--json` prints it: a session of no agent. */
export function orphanJson({ bytes, ...orphan }: Orphan): SessionJson {
  const json = sessionJson({ ...orphan, agent_id: "" }, undefined);
  return {
    ...json,
    agent_id: null,
    state: "orphan",
    reachable: true,
    reason: null,
    size_bytes: bytes ?? null,
  };
}
