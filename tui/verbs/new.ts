import { clean } from "../render/clean.ts";
import { parsePort } from "../state/form.ts";
import { printJson, type Context } from "./context.ts";
import { withFleet } from "./on-agent.ts";
import { resolveAgent } from "./resolve.ts";
import { sessionJson } from "./session-json.ts";

export interface NewOptions {
  agent?: string;
  command?: string;
  port?: string;
  protocol?: string;
  dnsName?: string;
  json?: boolean;
}

/** Makes a session; its container starts with the first attach or `restart`. */
export async function create(context: Context, name: string, options: NewOptions): Promise<void> {
  const port = options.port === "-1" ? -1 : parsePort(options.port ?? "");
  await withFleet(context, async (fleet, pool) => {
    const agent = resolveAgent(fleet, options.agent);
    const session = await pool.call(agent.agent_id, "create", {
      name,
      port,
      protocol: options.protocol ?? "tcp",
      dns_name: options.dnsName ?? "",
      ...(options.command !== undefined && { command: options.command }),
    });
    const json = sessionJson({ ...session, agent_id: agent.agent_id }, agent);
    if (options.json) return printJson(context, json);
    const at = json.port === null ? "" : `, port ${String(json.port)}/${json.protocol}`;
    context.stdout.write(`created ${clean(json.name)} ${json.uuid} on ${clean(agent.host)}${at}\n`);
  });
}
