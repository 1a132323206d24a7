import { z } from "zod";

/** Canonical lower-case UUID and nothing else: ids become paths. */
export const sessionId = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);

/** Decided by the operator's side, never by the host (spec/2). */
export const agentId = z.string().regex(/^[a-z0-9-]{1,64}$/);

export const sessionState = z.enum(["stopped", "locked", "running", "connected"]);
export type SessionState = z.infer<typeof sessionState>;

/** First column of the list (spec/3 "States"). */
export const stateChar = { stopped: "-", locked: "L", running: "R", connected: "C", orphan: "O" } as const;

export const portProtocol = z.enum(["tcp", "udp"]);

export const limits = z.strictObject({
  memory_bytes: z.int().positive().optional(),
  cpus: z.number().positive().optional(),
  pids: z.int().positive().optional(),
  disk_bytes: z.int().positive().optional(),
});
export type Limits = z.infer<typeof limits>;

/**
 * Session metadata as it travels. Readers accept any string in the text fields (a v2 session with an odd name is
 * shown, not hidden) and keep fields they do not know. Times are RFC 3339, UTC.
 */
export const session = z.looseObject({
  uuid: z.string(),
  name: z.string(),
  created_at: z.string(),
  last_accessed: z.string(),
  port: z.number().optional(),
  protocol: z.string().optional(),
  dns_name: z.string().optional(),
  running: z.boolean().optional(),
  attached: z.boolean().optional(),
  // Ours:
  agent_id: z.string().optional(),
  image: z.string().optional(),
  state: sessionState.optional().catch(undefined),
  state_since: z.string().optional(),
  /** Who is attached, as far as their names are known. */
  operators: z.array(z.string()).optional().catch(undefined),
  /** Why a session that is not running stopped: its command's exit status, a signal or `oom`. */
  exit_cause: z.string().optional(),
  command: z.string().optional(),
  /** Cloned into the home at the first start; `setup` is run in it once. */
  repo: z.string().optional(),
  branch: z.string().optional(),
  setup: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  /** SHA-256 of the stream in which it came from the shell host, as long as it was not started since. */
  imported_sha256: z.string().optional(),
});
export type Session = z.infer<typeof session>;

/** The state of a session from any agent: a v2 agent's session has no `state` and is never shown locked. */
export function stateOf(s: Session): SessionState {
  if (s.state) return s.state;
  if (!s.running) return "stopped";
  return s.attached ? "connected" : "running";
}
