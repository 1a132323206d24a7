import type { FleetSession } from "../../protocol/fleet.ts";
import type { DoneJson } from "../../protocol/verbs.ts";
import type { AgentPool } from "../client/pool.ts";
import { clean } from "../render/clean.ts";
import { printJson, type Context } from "./context.ts";
import { onSession, withFleet, type Target } from "./on-agent.ts";
import { isOrphan, resolveOrphan, resolveSession, withinAgent } from "./resolve.ts";

const dones = {
  kill: "killed",
  delete: "removed",
  restart: "started",
  background: "detached",
  override: "overridden",
} as const;

export type Action = keyof typeof dones;

type Acting = Target & { json?: boolean };

/** Verbs that are one operation on one session: `kill`, `restart`, `background`, `override`. */
export async function act(context: Context, action: Action, target: Acting): Promise<void> {
  await onSession(context, target, (session, pool) => perform(context, action, { session, pool, target }));
}

/** `rm`: deletes a session, or an orphan of the shell host where no session is so named. */
export async function rm(context: Context, target: Acting): Promise<void> {
  await withFleet(context, async (all, pool) => {
    const fleet = withinAgent(all, target.agent);
    if (!isOrphan(fleet, target.wanted))
      return perform(context, "delete", { session: resolveSession(fleet, target.wanted), pool, target });
    const { uuid, name } = resolveOrphan(fleet, target.wanted);
    const { removeAudited } = await import("../orphans/operations.ts");
    const left = await removeAudited(context, { uuid, name });
    tell(context, { done: "removed", uuid, name, agent_id: null }, target);
    if (left !== null) context.stderr.write(`convocate: ${left}\n`);
  });
}

interface On {
  session: FleetSession;
  pool: AgentPool;
  target: Acting;
}

async function perform(context: Context, action: Action, { session, pool, target }: On): Promise<void> {
  const { agent_id, uuid, name } = session;
  await pool.call(agent_id, action, { id: uuid });
  tell(context, { done: dones[action], uuid, name, agent_id }, target);
}

function tell(context: Context, json: DoneJson, { json: asJson }: Acting): void {
  if (asJson) return printJson(context, json);
  context.stdout.write(`${json.done} ${clean(json.name)} ${json.uuid}\n`);
}
