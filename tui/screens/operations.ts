import { fault } from "../client/fault.ts";
import type { AgentPool } from "../client/pool.ts";
import type { Action, Effect, Event } from "../state/state.ts";

type Operation = Extract<Effect, { type: "create" | "clone" | "edit" | "call" }>;

const words: Record<Action, readonly [doing: string, done: string]> = {
  kill: ["killing", "killed"],
  delete: ["deleting", "deleted"],
  restart: ["starting", "started"],
  background: ["detaching everyone from", "detached everyone from"],
  override: ["overriding the lock of", "overrode the lock of"],
  "kill-and-restart": ["restarting", "restarted"],
};

/** Asks an agent for what the operator wants; `tell` hears how it goes. Never rejects. */
export async function operate(
  pool: AgentPool,
  operation: Operation,
  tell: (event: Event) => void,
): Promise<void> {
  if (operation.type === "call") return call(pool, operation, tell);
  try {
    tell(await submit(pool, operation));
  } catch (error) {
    tell({ type: "form-failed", error: fault(error, "internal") });
  }
}

async function submit(pool: AgentPool, operation: Exclude<Operation, { type: "call" }>): Promise<Event> {
  if (operation.type === "edit") {
    const { row, params } = operation;
    await pool.call(row.session.agent_id, "edit", params);
    return { type: "edited", row, name: params.name };
  }
  const { agentId } = operation;
  const session = await (operation.type === "create"
    ? pool.call(agentId, "create", operation.params)
    : pool.call(agentId, "clone", operation.params));
  return { type: "created", agentId, session };
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
