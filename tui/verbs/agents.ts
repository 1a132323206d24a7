import { readFleet } from "../client/fleet-socket.ts";
import { age } from "../render/age.ts";
import { inColumns } from "./columns.ts";
import { printJson, type Context } from "./context.ts";

/** All agents with their health. */
export async function agents(context: Context, options: { json?: boolean }): Promise<void> {
  const fleet = await readFleet(context.access);
  const rows = fleet.agents
    .map((agent) => ({
      agent_id: agent.agent_id,
      host: agent.host,
      address: agent.address,
      health: agent.health,
      since: agent.since,
      reason: agent.reason ?? null,
      version: agent.version ?? null,
      image_tag: agent.image_tag ?? null,
      sessions: fleet.sessions.filter((session) => session.agent_id === agent.agent_id).length,
    }))
    .sort((a, b) => a.host.localeCompare(b.host));
  if (options.json) return printJson(context, rows);
  const header = ["HOST", "ID", "ADDRESS", "HEALTH", "SINCE", "SESSIONS", "VERSION", "IMAGE", ""];
  const lines = rows.map((row) => [
    row.host,
    row.agent_id,
    row.address,
    row.health,
    age(row.since, Date.now()),
    String(row.sessions),
    row.version ?? "-",
    row.image_tag ?? "-",
    row.reason ?? "",
  ]);
  context.stdout.write(inColumns([header, ...lines]));
}
