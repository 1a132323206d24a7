import { fault } from "../client/fault.ts";
import type { AgentPool } from "../client/pool.ts";
import { adoptAudited, leftText, removeAudited, type Asking } from "../orphans/operations.ts";
import { progress } from "../orphans/progress.ts";
import type { Action, Effect, Event } from "../state/state.ts";

type Operation = Extract<Effect, { type: "create" | "clone" | "edit" | "call" | "adopt" | "remove-orphan" }>;

const words: Record<Action, readonly [doing: string, done: string]> = {
  kill: ["killing", "killed"],
  delete: ["deleting", "deleted"],
  restart: ["starting", "started"],
  background: ["detaching everyone from", "detached everyone from"],
  override: ["overriding the lock of", "overrode the lock of"],
  "kill-and-restart": ["restarting", "restarted"],
};

/** By whom, and whom, things are asked. */
export interface Asked extends Asking {
  pool: AgentPool;
}

/** Does what the operator wants; `tell` hears how it goes. Never rejects. */
export async function operate(
  asked: Asked,
  operation: Operation,
  tell: (event: Event) => void,
): Promise<void> {
  switch (operation.type) {
    case "call":
      return call(asked.pool, operation, tell);
    case "remove-orphan":
      return removeOrphan(asked, operation, tell);
    case "adopt":
    case "create":
    case "clone":
    case "edit":
      try {
        tell(await submit(asked, operation, tell));
      } catch (error) {
        tell({ type: "form-failed", error: fault(error, "internal") });
      }
  }
}

type Submitted = Exclude<Operation, { type: "call" | "remove-orphan" }>;

async function submit(asked: Asked, operation: Submitted, tell: (event: Event) => void): Promise<Event> {
  const { pool } = asked;
  if (operation.type === "edit") {
    const { row, params } = operation;
    await pool.call(row.session.agent_id, "edit", params);
    return { type: "edited", row, name: params.name };
  }
  const { agentId } = operation;
  if (operation.type === "adopt") return adopt(asked, operation, tell);
  const session = await (operation.type === "create"
    ? pool.call(agentId, "create", operation.params)
    : pool.call(agentId, "clone", operation.params));
  return { type: "created", agentId, session, how: "created" };
}

async function adopt(
  asked: Asked,
  { agentId, orphan, addressing }: Extract<Operation, { type: "adopt" }>,
  tell: (event: Event) => void,
): Promise<Event> {
  const say = progress(orphan.name, (text) => tell({ type: "done", text }));
  const adopting = { orphan, agentId, addressing, keepSource: false, say };
  const { session, left } = await adoptAudited(asked, asked.pool.link(agentId), adopting);
  // After the word that it is there.
  if (left !== null) setImmediate(() => tell({ type: "failed", text: leftText(left) }));
  return { type: "created", agentId, session, how: "adopted" };
}

async function removeOrphan(
  asked: Asked,
  { uuid, name }: Extract<Operation, { type: "remove-orphan" }>,
  tell: (event: Event) => void,
): Promise<void> {
  tell({ type: "done", text: `deleting ${name}...` });
  try {
    const left = await removeAudited(asked, { uuid, name });
    tell(left === null ? { type: "done", text: `deleted ${name}` } : { type: "failed", text: left });
  } catch (error) {
    tell({ type: "failed", text: fault(error, "internal").message });
  }
}

async function call(
  pool: AgentPool,
  { agentId, op, id, name }: Extract<Operation, { type: "call" }>,
  tell: (event: Event) => void,
): Promise<void> {
  const [doing, done] = words[op];
  tell({ type: "done", text: `${doing} ${name}...` });
  try {
    for (const step of op === "kill-and-restart" ? (["kill", "restart"] as const) : [op])
      await pool.call(agentId, step, { id });
    tell({ type: "done", text: `${done} ${name}` });
  } catch (error) {
    tell({ type: "failed", text: fault(error, "internal").message });
  }
}
