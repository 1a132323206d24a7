import { z } from "zod";
import { limits, session } from "./session.ts";

/** A request over this many bytes ends the channel with an error; a response is at most `maxResponse`. */
export const maxRequest = 1 << 20;
export const maxResponse = 32 << 20;

/** Lines that `logs` gives unless asked otherwise, and at most. */
export const logLines = 200;
export const maxLogLines = 2000;

/**
 * An `import`: after its answer come the home as a stream of tar, then the SHA-256 of that stream, these bytes of it; then
 * the client ends its side and is answered again.
 */
export const importTrailer = 32;

const requestId = z.union([z.string().max(64), z.number()]);

/** `{"op","params"}`; with `"id"` the channel stays open and requests may be pipelined (ours). */
export const request = z.object({
  op: z.string(),
  params: z.record(z.string(), z.unknown()).nullish(),
  id: requestId.optional(),
});
export type Request = z.infer<typeof request>;

export const response = z.discriminatedUnion("ok", [
  z.looseObject({ ok: z.literal(true), result: z.unknown(), id: requestId.optional() }),
  z.looseObject({
    ok: z.literal(false),
    error: z.string(),
    code: z.string().optional(),
    id: requestId.optional(),
  }),
]);
export type Response = z.infer<typeof response>;

// Params are strict: an unknown field is refused, as v2's decoder does. Absent and null fields are zero values.
const text = z
  .string()
  .nullish()
  .transform((v) => v ?? "");
const number = z
  .int()
  .nullish()
  .transform((v) => v ?? 0);
const nothing = z.strictObject({});
const byId = z.strictObject({ id: text });
const addressing = { name: text, port: number, protocol: text, dns_name: text };

/** v2's per-agent settings: an empty object. */
const settings = z.strictObject({});

/** Clients accept null for [] and null, {} or nothing for void; our agent sends [] and {}. */
const voidResult = z.unknown().transform(() => ({}));
/** A `list`: null from a v2 agent without sessions. */
export const sessionList = z
  .array(session)
  .nullish()
  .transform((v) => v ?? []);

/** Every operation of `convocate-agent-rpc`: what goes in, what comes out, what it does. The reference is generated from it. */
export const ops = {
  ping: {
    params: nothing,
    result: z.looseObject({ agent_id: z.string(), version: z.string(), server_time: z.string() }),
    does: "answers with the agent's id, version and clock",
  },
  list: { params: nothing, result: sessionList, does: "all sessions, most recently accessed first" },
  get: { params: byId, result: session, does: "one session" },
  create: {
    params: z.strictObject({
      ...addressing,
      command: z.string().max(4096).nullish(),
      repo: z.string().max(1024).nullish(),
      branch: z.string().max(256).nullish(),
      setup: z.string().max(4096).nullish(),
      limits: limits.nullish(),
      labels: z.record(z.string().max(64), z.string().max(256)).nullish(),
    }),
    result: session,
    does: "makes the session's home and metadata, no container yet",
  },
  edit: {
    params: z.strictObject({ id: text, ...addressing }),
    result: voidResult,
    does: "replaces name, port, protocol and DNS name; a running container keeps its flags until restart",
  },
  clone: {
    params: z.strictObject({ source_id: text, name: text }),
    result: session,
    does: "copies the home under a new UUID, without port and DNS name",
  },
  delete: { params: byId, result: voidResult, does: "stops the container and removes the session" },
  kill: { params: byId, result: voidResult, does: "stops the container (10 s grace), keeps the home" },
  logs: {
    params: z.strictObject({
      id: text,
      lines: z.int().min(1).max(maxLogLines).nullish(),
    }),
    result: z.looseObject({ lines: z.array(z.string()), running: z.boolean() }),
    does: "the last lines (200 unless asked otherwise, at most 2,000) of a running session's terminal, or of what a stopped one printed last; plain text, at most 1 MiB (ours)",
  },
  background: { params: byId, result: voidResult, does: "detaches every attached client" },
  restart: { params: byId, result: voidResult, does: "starts the container detached; refused while it runs" },
  override: { params: byId, result: voidResult, does: "removes a stale lock, nothing else" },
  "settings-get": { params: nothing, result: settings, does: "this agent's settings: there are none yet" },
  "settings-set": { params: settings, result: voidResult, does: "replaces this agent's settings" },
  watch: {
    params: nothing,
    result: z.unknown(),
    does: "the channel becomes a stream of status events, first a snapshot (ours)",
  },
  import: {
    params: z.strictObject({
      id: text,
      ...addressing,
      created_at: text,
      last_accessed: text,
      bytes: number,
      files: number,
    }),
    result: z.unknown(),
    does: "for the shell host's key: an orphan of its is to become a session. Once that is answered, the channel takes the home as a stream of tar and, last, the 32 bytes of that stream's SHA-256; it is answered again, with the session, when all of it is there (ours)",
  },
  retire: {
    params: z.strictObject({ force: z.boolean().nullish() }),
    result: voidResult,
    does: "for provisioning: refused while sessions run (`force` stops them), then the agent starts nothing any more (ours)",
  },
  capabilities: {
    params: nothing,
    result: z.looseObject({
      protocol: z.number(),
      version: z.string(),
      ops: z.array(z.string()),
      extensions: z.array(z.string()),
    }),
    does: "protocol version, supported operations and extensions (ours)",
  },
} as const;

export type Op = keyof typeof ops;
export type Params<O extends Op> = z.input<(typeof ops)[O]["params"]>;
export type DecodedParams<O extends Op> = z.output<(typeof ops)[O]["params"]>;
export type Result<O extends Op> = z.output<(typeof ops)[O]["result"]>;

export function isOp(op: string): op is Op {
  return Object.hasOwn(ops, op);
}
