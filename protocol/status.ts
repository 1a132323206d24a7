import { z } from "zod";
import { session } from "./session.ts";

/** Milliseconds between heartbeats; an agent without one for `silentAfter` is silent. */
export const heartbeatEvery = 30_000;
export const silentAfter = 90_000;

/** Events an agent keeps while it is disconnected. */
export const queueLimit = 256;

/** The envelope of `convocate-status`; `data` is always optional, unknown types and fields are kept and passed on. */
export const statusEvent = z.looseObject({
  type: z.string(),
  agent_id: z.string(),
  session_id: z.string().optional(),
  timestamp: z.string(),
  data: z.unknown().optional(),
});
export type StatusEvent = z.infer<typeof statusEvent>;

/** A whole fleet's sessions may not fit one line: a snapshot comes in parts of at most this many sessions. */
export const snapshotPart = 200;

/** What the types we know carry. */
export const eventData = {
  "agent.started": z.looseObject({ version: z.string(), image_tag: z.string() }),
  "agent.heartbeat": z.unknown(),
  "agent.shutdown": z.looseObject({ reason: z.string() }),
  /** All sessions, in parts, after every reconnect; the part with `last` replaces what was known. */
  "agent.snapshot": z.looseObject({ part: z.int(), last: z.boolean(), sessions: z.array(session) }),
  /** The host's, what of it is in use (cores: average of 60 s), and what is promised to running sessions. */
  "agent.capacity": z.looseObject({
    memory_bytes: z.number(),
    memory_used_bytes: z.number().optional(),
    memory_promised_bytes: z.number(),
    cpus: z.number(),
    cpus_used: z.number().optional(),
    cpus_promised: z.number().optional(),
    disk_bytes: z.number().optional(),
    disk_used_bytes: z.number().optional(),
    disk_promised_bytes: z.number().optional(),
    sessions_running: z.number(),
  }),
  /** Events were dropped while disconnected: how many. */
  "agent.overflow": z.looseObject({ dropped: z.int() }),
  "container.created": session,
  "container.edited": session,
  "container.started": session,
  /** `cause`: the command's exit status, a signal or `oom` (ours). */
  "container.stopped": z.looseObject({ cause: z.string().optional() }).optional(),
  "container.deleted": z.unknown(),
  /** A session's metadata or state changed in any other way (ours). */
  "session.state": session,
} as const;

export type EventType = keyof typeof eventData;

export function isEventType(type: string): type is EventType {
  return Object.hasOwn(eventData, type);
}
