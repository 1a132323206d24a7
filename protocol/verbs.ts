import { z } from "zod";
import { agentHealth } from "./fleet.ts";
import { sessionState } from "./session.ts";

/**
 * What verbs print with `--json`. Fields are added, never taken away or given another meaning; every field is always there,
 * and what there is none of is null. Times are RFC 3339, UTC; sizes are bytes.
 */
export const sessionJson = z.strictObject({
  uuid: z.string(),
  name: z.string(),
  /** Null: an orphan, a directory on the shell host that no agent claims. */
  agent_id: z.string().nullable(),
  /** The stack's name of the agent's host; null when it left the fleet. */
  host: z.string().nullable(),
  state: z.enum([...sessionState.options, "orphan"]),
  /** False: this is the last that is known; `reason` says why. */
  reachable: z.boolean(),
  reason: z.string().nullable(),
  port: z.number().nullable(),
  protocol: z.string(),
  dns_name: z.string().nullable(),
  image: z.string().nullable(),
  command: z.string().nullable(),
  repo: z.string().nullable(),
  branch: z.string().nullable(),
  labels: z.record(z.string(), z.string()),
  created_at: z.string(),
  last_accessed: z.string(),
  state_since: z.string().nullable(),
  /** Why a stopped session's container ended: an exit status, a signal or `oom`. */
  exit_cause: z.string().nullable(),
  /** Of an orphan, on disk; null until they are counted. */
  size_bytes: z.number().nullable(),
});
export type SessionJson = z.infer<typeof sessionJson>;

/** Of one thing that a host has: how much there is, is in use, and is promised to sessions that run. */
const amount = z.strictObject({
  total: z.number(),
  used: z.number().nullable(),
  promised: z.number().nullable(),
});

export const agentJson = z.strictObject({
  agent_id: z.string(),
  host: z.string(),
  address: z.string(),
  health: agentHealth,
  since: z.string(),
  reason: z.string().nullable(),
  version: z.string().nullable(),
  /** `same`, or how the agent's version stands to this program's. */
  skew: z.enum(["same", "older", "newer"]).nullable(),
  /** Version of the protocol it speaks: 0 is v2's; null when it does not answer. */
  protocol: z.number().nullable(),
  image_tag: z.string().nullable(),
  sessions: z.number(),
  /** Milliseconds that the agent took to answer; null when it did not. */
  answer_ms: z.number().nullable(),
  /** When the last heartbeat came; null where the status daemon does not tell. */
  heartbeat_at: z.string().nullable(),
  /** When the certificate of its log channel ends; null where there is none. */
  certificate_until: z.string().nullable(),
  memory_bytes: amount.nullable(),
  cpus: amount.nullable(),
  disk_bytes: amount.nullable(),
});
export type AgentJson = z.infer<typeof agentJson>;

/** Something that was done to a session. */
export const doneJson = z.strictObject({
  done: z.enum(["killed", "removed", "started", "detached", "overridden"]),
  uuid: z.string(),
  name: z.string(),
  /** Null: of an orphan. */
  agent_id: z.string().nullable(),
});
export type DoneJson = z.infer<typeof doneJson>;

/** The end of what a session printed. */
export const logsJson = z.strictObject({
  uuid: z.string(),
  name: z.string(),
  agent_id: z.string(),
  /** True: of its terminal; false: what it left when it ended last. */
  running: z.boolean(),
  /** Plain text; none when it never ran. */
  lines: z.array(z.string()),
});
export type LogsJson = z.infer<typeof logsJson>;

/** A line of `watch`. */
export const watchJson = z.discriminatedUnion("type", [
  /** First, and whenever the status daemon is back: everything anew. */
  z.strictObject({
    type: z.literal("snapshot"),
    agents: z.array(z.string()),
    sessions: z.array(sessionJson),
  }),
  z.strictObject({
    type: z.literal("agent"),
    agent_id: z.string(),
    host: z.string(),
    health: agentHealth,
    reason: z.string().nullable(),
  }),
  z.strictObject({ type: z.literal("agent.removed"), agent_id: z.string() }),
  z.strictObject({ type: z.literal("session"), session: sessionJson }),
  z.strictObject({ type: z.literal("session.removed"), agent_id: z.string().nullable(), uuid: z.string() }),
  /** The status daemon is out of reach; a snapshot follows when it is back. */
  z.strictObject({ type: z.literal("lost"), reason: z.string() }),
]);
export type WatchJson = z.infer<typeof watchJson>;

/** What `doctor` looks at, and when it is well. docs/reference/verbs.md tells it. */
export const doctorChecks = {
  fleet: "the status daemon answers",
  reachable: "the agent's port is reached",
  host_key: "the agent shows the pinned host key",
  login: "the agent takes our key",
  heartbeat: "the status daemon hears the agent",
  clock: "the agent's clock and this machine's agree: within 2 s is well, beyond 60 s fails",
  version: "the agent's version and protocol are this program's",
  memory: "less than nine tenths of it are in use or promised: beyond, sessions are refused",
  disk: "less than nine tenths are in use, of an agent's homes or of the shell host's `/var`; from 97 % on it fails",
  log: "a line of the agent's log arrives on the shell host",
  dns: "the shell host's resolver gives sessions' names",
  certificate: "the log authority's certificates are good for 30 days more",
  shell_host: "the shell host's own checks are done there only",
} as const;
export type DoctorCheck = keyof typeof doctorChecks;

export const checkResult = z.enum(["ok", "warn", "fail"]);

/** One thing that `doctor` looked at. */
export const checkJson = z.strictObject({
  check: z.enum(Object.keys(doctorChecks) as [DoctorCheck, ...DoctorCheck[]]),
  /** Whom it is about; null: the shell host. */
  agent_id: z.string().nullable(),
  host: z.string().nullable(),
  result: checkResult,
  /** For people. */
  found: z.string(),
  /** What to do about it; null when all is well. */
  remedy: z.string().nullable(),
});
export type CheckJson = z.infer<typeof checkJson>;

/** `result` is the worst of `checks`. What cannot be looked at because an earlier check of the same agent failed is left out. */
export const doctorJson = z.strictObject({ result: checkResult, checks: z.array(checkJson) });
export type DoctorJson = z.infer<typeof doctorJson>;

const versionJson = z.strictObject({ version: z.string() });

interface Verb {
  does: string;
  /** What `--json` prints. */
  json: z.ZodType;
  /** The same in words. */
  prints: string;
}

const session = { json: sessionJson, prints: "the [session](#session)" };
const done = { json: doneJson, prints: "[what was done](#done)" };

/** Every verb that takes `--json`. docs/reference/verbs.md is generated from it, tests validate every output. */
export const verbs = {
  ls: {
    does: "all sessions and orphans, most recently accessed first",
    json: z.array(sessionJson),
    prints: "a list of [sessions](#session)",
  },
  get: { does: "one session, as its agent knows it now", ...session },
  new: { does: "makes a session; its container starts with the first attach or `restart`", ...session },
  clone: { does: "copies a session that does not run, under another name", ...session },
  edit: { does: "changes name, port, protocol or DNS name; the rest stays", ...session },
  adopt: { does: "makes an orphan of the shell host a session of an agent", ...session },
  rm: { does: "deletes a session, or an orphan, and its home", ...done },
  kill: { does: "stops a session's container; the session stays", ...done },
  restart: { does: "starts a session's container, detached", ...done },
  background: { does: "detaches everyone from a session", ...done },
  override: { does: "removes a session's stale lock; one that is held is refused", ...done },
  logs: {
    does: "the end of what a session printed: its terminal's text, or what it left when it ended",
    json: logsJson,
    prints: "the session and its [lines](#logs)",
  },
  agents: {
    does: "all agents with health, versions and capacity",
    json: z.array(agentJson),
    prints: "a list of [agents](#agent)",
  },
  watch: {
    does: "the fleet as it is, then every change, until it is ended",
    json: watchJson,
    prints: "a [line](#line-of-watch) of JSON for each, with or without `--json`",
  },
  doctor: {
    does: "looks at the fleet, every agent and the shell host, and tells what to do",
    json: doctorJson,
    prints: "`{ result, checks }`: the worst result, and a list of [checks](#check)",
  },
  version: { does: "the version of this program", json: versionJson, prints: "`{ version: string }`" },
} as const satisfies Record<string, Verb>;

export type VerbName = keyof typeof verbs;
