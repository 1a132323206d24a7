import { ConvocateError } from "../../protocol/errors.ts";
import { stateOf } from "../../protocol/session.ts";
import { clean } from "../render/clean.ts";
import { printJson, type Context } from "./context.ts";
import { onSession } from "./on-agent.ts";
import { portOf } from "./port.ts";
import { sessionJson } from "./session-json.ts";

export interface EditOptions {
  agent?: string;
  name?: string;
  port?: string;
  protocol?: string;
  dnsName?: string;
  restart?: boolean;
  json?: boolean;
}

/** Changes what is named and keeps the rest. A running container keeps its flags unless it is restarted. */
export async function edit(context: Context, wanted: string, options: EditOptions): Promise<void> {
  const { name, port, protocol, dnsName, restart } = options;
  if (name === undefined && port === undefined && protocol === undefined && dnsName === undefined)
    throw new ConvocateError("usage", "nothing to change: give --name, --port, --protocol or --dns");
  await onSession(context, { ...options, wanted }, async ({ agent_id, uuid: id }, pool, fleet) => {
    const before = await pool.call(agent_id, "get", { id });
    await pool.call(agent_id, "edit", {
      id,
      name: name ?? before.name,
      port: port === undefined ? (before.port ?? 0) : portOf(port),
      protocol: protocol ?? before.protocol ?? "",
      dns_name: dnsName ?? before.dns_name ?? "",
    });
    const runs = stateOf(before) !== "stopped";
    if (runs && restart) for (const op of ["kill", "restart"] as const) await pool.call(agent_id, op, { id });
    const after = await pool.call(agent_id, "get", { id });
    const agent = fleet.agents.find((known) => known.agent_id === agent_id);
    if (options.json) return printJson(context, sessionJson({ ...after, agent_id }, agent));
    const later = runs && !restart ? "; it runs: the change takes effect after kill and restart" : "";
    context.stdout.write(`changed ${clean(after.name)} ${id}${later}\n`);
  });
}
