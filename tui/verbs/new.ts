import { clean } from "../render/clean.ts";
import { printJson, type Context } from "./context.ts";
import { labelsOf, limitsOf, type LimitOptions } from "./limits.ts";
import { withFleet } from "./on-agent.ts";
import { portOf } from "./port.ts";
import { resolveNewAgent } from "./resolve.ts";
import { sessionJson } from "./session-json.ts";

export interface NewOptions extends LimitOptions {
  agent?: string;
  command?: string;
  repo?: string;
  branch?: string;
  setup?: string;
  label?: string[];
  port?: string;
  protocol?: string;
  dnsName?: string;
  json?: boolean;
}

/** Makes a session; its container starts with the first attach or `restart`. */
export async function create(context: Context, name: string, options: NewOptions): Promise<void> {
  const { command, repo, branch, setup, label } = options;
  const port = portOf(options.port ?? "");
  const limits = limitsOf(options);
  const labels = label && labelsOf(label);
  await withFleet(context, async (fleet, pool) => {
    const agent = resolveNewAgent(fleet, options.agent);
    const session = await pool.call(agent.agent_id, "create", {
      name,
      port,
      protocol: options.protocol ?? "tcp",
      dns_name: options.dnsName ?? "",
      // A v2 agent refuses fields it does not know: only what was asked for is sent.
      ...(command !== undefined && { command }),
      ...(repo !== undefined && { repo }),
      ...(branch !== undefined && { branch }),
      ...(setup !== undefined && { setup }),
      ...(limits && { limits }),
      ...(labels && { labels }),
    });
    const json = sessionJson({ ...session, agent_id: agent.agent_id }, agent);
    if (options.json) return printJson(context, json);
    const at = json.port === null ? "" : `, port ${String(json.port)}/${json.protocol}`;
    context.stdout.write(`created ${clean(json.name)} ${json.uuid} on ${clean(agent.host)}${at}\n`);
  });
}
