import { clean } from "../render/clean.ts";
import { printJson, type Context } from "./context.ts";
import { onSession } from "./on-agent.ts";
import { sessionJson } from "./session-json.ts";

export interface CloneOptions {
  /** Of the copy. */
  name: string;
  agent?: string;
  json?: boolean;
}

/** Copies a session on its agent; one that runs is refused by it. */
export async function clone(context: Context, wanted: string, options: CloneOptions): Promise<void> {
  await onSession(context, { ...options, wanted }, async ({ agent_id, uuid }, pool, fleet) => {
    const copy = await pool.call(agent_id, "clone", { source_id: uuid, name: options.name });
    const agent = fleet.agents.find((known) => known.agent_id === agent_id);
    const json = sessionJson({ ...copy, agent_id }, agent);
    if (options.json) return printJson(context, json);
    context.stdout.write(`created ${clean(json.name)} ${json.uuid} on ${clean(json.host ?? agent_id)}\n`);
  });
}
