import type { FleetAgent } from "../../protocol/fleet.ts";
import type { AgentJson } from "../../protocol/verbs.ts";
import type { FleetSnapshot } from "../client/fleet-socket.ts";
import type { AgentPool } from "../client/pool.ts";
import { age } from "../render/age.ts";
import { capacityCells } from "../render/capacity.ts";
import { capacityOf } from "../state/capacity.ts";
import { skewOf, versionText } from "../state/skew.ts";
import { inColumns } from "./columns.ts";
import { printJson, type Context } from "./context.ts";
import { withFleet } from "./on-agent.ts";
import { withinAgent } from "./resolve.ts";

/** Milliseconds an agent has to answer; those that do not are shown without. */
const patience = 2_000;

/** All agents with their health, versions and capacity. */
export async function agents(context: Context, options: { json?: boolean; agent?: string }): Promise<void> {
  await withFleet(context, async (whole, pool) => {
    const fleet = withinAgent(whole, options.agent);
    const known = [...fleet.agents].sort((a, b) => (a.host < b.host ? -1 : 1));
    const rows = await Promise.all(
      known.map(async (agent) => agentJson(agent, fleet, await answerOf(agent, pool))),
    );
    if (options.json) return printJson(context, rows);
    const header = [
      "HOST",
      "ID",
      "ADDRESS",
      "HEALTH",
      "SINCE",
      "SESSIONS",
      "VERSION",
      "PROTOCOL",
      "IMAGE",
      "MEMORY PROMISED",
      "CPU",
      "DISK",
      "HEARTBEAT",
      "CERTIFICATE",
      "",
    ];
    const lines = known.map((agent, i) => cells(agent, rows[i]));
    context.stdout.write(inColumns([header, ...lines]));
  });
}

/** What an agent that is up says itself. */
interface Answer {
  protocol: number;
  ms: number;
}

async function answerOf({ agent_id, health }: FleetAgent, pool: AgentPool): Promise<Answer | null> {
  if (health === "down") return null;
  const began = performance.now();
  const asked = pool
    .link(agent_id)
    .established()
    .then(({ rpc }): Answer => ({ protocol: rpc.protocol, ms: Math.round(performance.now() - began) }))
    .catch(() => null);
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), patience).unref());
  return Promise.race([asked, late]);
}

function agentJson(agent: FleetAgent, { sessions }: FleetSnapshot, answer: Answer | null): AgentJson {
  const told = capacityOf(agent);
  return {
    agent_id: agent.agent_id,
    host: agent.host,
    address: agent.address,
    health: agent.health,
    since: agent.since,
    reason: agent.reason ?? null,
    version: agent.version ?? null,
    skew: skewOf(agent.version),
    protocol: answer?.protocol ?? null,
    image_tag: agent.image_tag ?? null,
    sessions: sessions.filter(({ agent_id }) => agent_id === agent.agent_id).length,
    answer_ms: answer?.ms ?? null,
    heartbeat_at: agent.heartbeat_at ?? null,
    certificate_until: agent.certificate_until ?? null,
    memory_bytes: amount(told?.memory_bytes, told?.memory_used_bytes, told?.memory_promised_bytes),
    cpus: amount(told?.cpus, told?.cpus_used, told?.cpus_promised),
    disk_bytes: amount(told?.disk_bytes, told?.disk_used_bytes, told?.disk_promised_bytes),
  };
}

const amount = (total: number | undefined, used?: number, promised?: number): AgentJson["cpus"] =>
  total === undefined ? null : { total, used: used ?? null, promised: promised ?? null };

/** Whole days until then, such as `305d`; an end that is past is `expired`. */
function daysLeft(until: string | null, now: number): string {
  const end = Date.parse(until ?? "");
  if (Number.isNaN(end)) return "-";
  return end <= now ? "expired" : `${String(Math.floor((end - now) / 86_400_000))}d`;
}

function cells(agent: FleetAgent, row: AgentJson | undefined): string[] {
  const now = Date.now();
  return [
    agent.host,
    agent.agent_id,
    agent.address,
    agent.health,
    age(agent.since, now),
    String(row?.sessions ?? 0),
    versionText(agent.version),
    row?.protocol === 0 ? "v2" : String(row?.protocol ?? "-"),
    agent.image_tag ?? "-",
    ...capacityCells(agent),
    age(row?.heartbeat_at ?? undefined, now),
    daysLeft(row?.certificate_until ?? null, now),
    agent.reason ?? "",
  ];
}
