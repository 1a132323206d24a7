import { z } from "zod";
import { orphan } from "./orphan.ts";
import { session } from "./session.ts";
import { statusEvent } from "./status.ts";

/** The status daemon's local side: newline-delimited JSON, first one snapshot, then changes. */
export const fleetSocketPath = "/run/convocate/fleet.sock";

/** `up`: events arrive. `silent`: connected, no heartbeat for 90 s. `down`: not connected (never was, or link lost). */
export const agentHealth = z.enum(["up", "silent", "down"]);

export const fleetAgent = z.looseObject({
  agent_id: z.string(),
  /** The stack's name of the host, for people. */
  host: z.string(),
  /** Where tcp/222 is reached. */
  address: z.string(),
  /** Its pinned host key, for whoever reaches it by way of the shell host; a public key line. */
  host_key: z.string().optional(),
  health: agentHealth,
  /** Since when the health is what it is; RFC 3339. */
  since: z.string(),
  /** Why the agent is not up, for people. */
  reason: z.string().optional(),
  /** When it was heard last; RFC 3339, in snapshots only. */
  heartbeat_at: z.string().optional(),
  /** When the certificate of its log channel ends; RFC 3339. */
  certificate_until: z.string().optional(),
  version: z.string().optional(),
  image_tag: z.string().optional(),
});
export type FleetAgent = z.infer<typeof fleetAgent>;

/** A session with its agent's id filled in. */
export const fleetSession = session.extend({ agent_id: z.string() });
export type FleetSession = z.infer<typeof fleetSession>;

/** What a reader may tell the status daemon: who did what, for the audit log. A line of at most `auditMax` characters. */
export const auditMax = 4096;
export const auditEntry = z.strictObject({
  type: z.literal("audit"),
  /** Null: somebody with a shell of their own on the host. */
  operator: z.string().max(64).nullable(),
  /** The operation, such as `delete`, or `attach`. */
  verb: z.string().max(64),
  agent_id: z.string().max(64),
  session: z.string().max(64).nullable(),
  name: z.string().max(256).nullable(),
  /** `ok`, or the code of the error. */
  result: z.string().max(64),
});
export type AuditEntry = z.infer<typeof auditEntry>;

/** A DNS name that several sessions claim, and which of them has it (spec/4). */
export const contestedName = z.object({ name: z.string(), agent_id: z.string(), session_id: z.string() });
export type ContestedName = z.infer<typeof contestedName>;

export const fleetMessage = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("snapshot"),
    agents: z.array(fleetAgent),
    sessions: z.array(fleetSession),
    contested: z.array(contestedName).optional(),
    orphans: z.array(orphan).optional(),
  }),
  z.object({ type: z.literal("agent"), agent: fleetAgent }),
  z.object({ type: z.literal("agent.removed"), agent_id: z.string() }),
  z.object({ type: z.literal("session"), session: fleetSession }),
  z.object({ type: z.literal("session.removed"), agent_id: z.string(), session_id: z.string() }),
  /** All names that are contested now. */
  z.object({ type: z.literal("contested"), names: z.array(contestedName) }),
  /** All orphans that there are now. */
  z.object({ type: z.literal("orphans"), orphans: z.array(orphan) }),
  /** An agent's event of a type we do not know, passed on as it came. */
  z.object({ type: z.literal("event"), event: statusEvent }),
]);
export type FleetMessage = z.infer<typeof fleetMessage>;
