import type { DoneJson } from "../../protocol/verbs.ts";
import { clean } from "../render/clean.ts";
import { printJson, type Context } from "./context.ts";
import { onSession, type Target } from "./on-agent.ts";

const dones = {
  kill: "killed",
  delete: "removed",
  restart: "started",
  background: "detached",
  override: "overridden",
} as const;

export type Action = keyof typeof dones;

/** Verbs that are one operation on one session: `kill`, `rm`, `restart`, `background`, `override`. */
export async function act(
  context: Context,
  action: Action,
  target: Target & { json?: boolean },
): Promise<void> {
  await onSession(context, target, async ({ agent_id, uuid, name }, pool) => {
    await pool.call(agent_id, action, { id: uuid });
    const json: DoneJson = { done: dones[action], uuid, name, agent_id };
    if (target.json) return printJson(context, json);
    context.stdout.write(`${json.done} ${clean(name)} ${uuid}\n`);
  });
}
