import { stateChar } from "../../protocol/session.ts";
import type { SessionJson } from "../../protocol/verbs.ts";
import { readFleet } from "../client/fleet-socket.ts";
import { age } from "../render/age.ts";
import { inColumns } from "./columns.ts";
import { printJson, type Context } from "./context.ts";
import { withinAgent } from "./resolve.ts";
import { sessionJson } from "./session-json.ts";

/** All sessions, most recently accessed first. */
export async function ls(context: Context, options: { json?: boolean; agent?: string }): Promise<void> {
  const { sessions, agents } = withinAgent(await readFleet(context.access), options.agent);
  const byId = new Map(agents.map((agent) => [agent.agent_id, agent]));
  const rows = sessions
    .map((session) => sessionJson(session, byId.get(session.agent_id)))
    .sort((a, b) => (Date.parse(b.last_accessed) || 0) - (Date.parse(a.last_accessed) || 0));
  if (options.json) return printJson(context, rows);
  context.stdout.write(
    inColumns([["S", "UUID", "NAME", "AGENT", "PORT", "DNS NAME", "USED", ""], ...rows.map(cells)]),
  );
}

function cells(row: SessionJson): string[] {
  return [
    stateChar[row.state],
    row.uuid.slice(0, 8),
    row.name,
    row.host ?? row.agent_id,
    row.port === null ? "-" : `${String(row.port)}/${row.protocol}`,
    row.dns_name ?? "-",
    age(row.last_accessed, Date.now()),
    row.reachable ? "" : `unreachable: ${row.reason ?? ""}`,
  ];
}
