import { clean } from "../render/clean.ts";
import type { Context } from "./context.ts";
import { onSession } from "./on-agent.ts";

const done = { kill: "killed", delete: "removed", restart: "started" } as const;

/** Verbs that are one operation on one session: `kill`, `rm`, `restart`. */
export async function act(context: Context, op: keyof typeof done, wanted: string): Promise<void> {
  await onSession(context, wanted, async (session, pool) => {
    await pool.call(session.agent_id, op, { id: session.uuid });
    context.stdout.write(`${done[op]} ${clean(session.name)} ${session.uuid}\n`);
  });
}
