import type { Context } from "./context.ts";
import { printJson } from "./context.ts";
import { onSession } from "./on-agent.ts";
import { inColumns } from "./columns.ts";
import { sessionJson } from "./session-json.ts";

/** One session, as its agent knows it now. */
export async function get(
  context: Context,
  wanted: string,
  options: { json?: boolean; agent?: string },
): Promise<void> {
  await onSession(context, { ...options, wanted }, async (known, pool, fleet) => {
    const session = await pool.call(known.agent_id, "get", { id: known.uuid });
    const agent = fleet.agents.find(({ agent_id }) => agent_id === known.agent_id);
    const json = sessionJson({ ...session, agent_id: known.agent_id }, agent);
    if (options.json) return printJson(context, json);
    const fields = Object.entries(json).filter(([, value]) => value !== null);
    context.stdout.write(
      inColumns(
        fields.map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
      ),
    );
  });
}
