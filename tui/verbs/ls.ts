import { stateChar } from "../../protocol/session.ts";
import type { SessionJson } from "../../protocol/verbs.ts";
import { readFleet } from "../client/fleet-socket.ts";
import { age } from "../render/age.ts";
import { sizeText } from "../render/size.ts";
import { inColumns } from "./columns.ts";
import { printJson, type Context } from "./context.ts";
import { withinAgent } from "./resolve.ts";
import { orphanJson, sessionJson } from "./session-json.ts";

/** All sessions, most recently accessed first. */
export async function ls(context: Context, options: { json?: boolean; agent?: string }): Promise<void> {
  const { sessions, agents, orphans = [] } = withinAgent(await readFleet(context.access), options.agent);
  const byId = new Map(agents.map((agent) => [agent.agent_id, agent]));
  const rows = sessions
    .map((session) => sessionJson(session, byId.get(session.agent_id)))
    .concat(orphans.map(orphanJson))
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
    row.host ?? row.agent_id ?? "-",
    row.port === null ? "-" : `${String(row.port)}/${row.protocol}`,
    row.dns_name ?? "-",
    age(row.last_accessed, Date.now()),
    remark(row),
  ];
}

function remark({ state, size_bytes, reachable, reason }: SessionJson): string {
  if (state === "orphan") return `orphan, ${sizeText(size_bytes)}: \`convocate adopt\``;
  return reachable ? "" : `unreachable: ${reason ?? ""}`;
}
