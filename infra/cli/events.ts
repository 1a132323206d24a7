import { z } from "zod";

/** What `--json` prints, a line each. Fields are added, never taken away or given another meaning. */
const action = z.enum(["create", "update", "replace", "delete"]);
export type Action = z.infer<typeof action>;

/** The stack file was, or with --dry-run would be, changed. */
export const fileEvent = z.object({
  type: z.literal("file"),
  file: z.string(),
  host: z.string(),
  written: z.boolean(),
});

/** A part of a roll-out begins; its hosts are worked on at once, the next part only when all of them are well. */
export const stageEvent = z.object({
  type: z.literal("stage"),
  number: z.number(),
  of: z.number(),
  hosts: z.array(z.string()),
});

/** One thing that is done to one host, or, where host is null, to what all share. */
export const stepEvent = z.object({
  type: z.literal("step"),
  host: z.string().nullable(),
  step: z.string(),
  action,
  status: z.enum(["planned", "started", "done", "failed"]),
  /** How long it took; null while it has not ended. */
  seconds: z.number().nullable(),
});

/** Why something failed. */
export const failureEvent = z.object({
  type: z.literal("failure"),
  host: z.string().nullable(),
  step: z.string().nullable(),
  cause: z.string(),
  remedy: z.string(),
  exit: z.number(),
  /** The end of the host's log. */
  log: z.array(z.string()),
});

/** What became of a host. `unfinished`: something before it failed, or the roll-out had stopped. */
export const hostEvent = z.object({
  type: z.literal("host"),
  host: z.string(),
  status: z.enum(["unchanged", "planned", "changed", "failed", "unfinished"]),
  steps: z.number(),
});

/** A host that is this machine waits for a restart, which is left to its administrator. */
export const restartEvent = z.object({ type: z.literal("restart"), host: z.string(), remedy: z.string() });

export const resultEvent = z.object({
  type: z.literal("result"),
  stack: z.string(),
  dry_run: z.boolean(),
  status: z.enum(["unchanged", "planned", "changed", "failed"]),
  exit: z.number(),
  seconds: z.number(),
});

/** In the order of the reference. */
export const cliEvents = [
  fileEvent,
  stageEvent,
  stepEvent,
  failureEvent,
  hostEvent,
  restartEvent,
  resultEvent,
] as const;
export type CliEvent = z.infer<(typeof cliEvents)[number]>;
export type StepEvent = z.infer<typeof stepEvent>;
export type FailureEvent = z.infer<typeof failureEvent>;
export type HostEvent = z.infer<typeof hostEvent>;
