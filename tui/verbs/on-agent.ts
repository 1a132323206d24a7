import type { FleetSession } from "../../protocol/fleet.ts";
import { readFleet, type FleetSnapshot } from "../client/fleet-socket.ts";
import { AgentPool } from "../client/pool.ts";
import type { Context } from "./context.ts";
import { resolveSession, withinAgent } from "./resolve.ts";

/** A session as it is named on the command line, and the agent it is looked for on. */
export interface Target {
  wanted: string;
  agent?: string;
}

/** Runs `work` with the fleet as it is and connections to its agents, dialled when used. */
export async function withFleet<T>(
  context: Context,
  work: (fleet: FleetSnapshot, pool: AgentPool) => Promise<T>,
): Promise<T> {
  const fleet = await readFleet(context.access);
  const pool = new AgentPool({ access: context.access, operator: context.operator, keep: false });
  try {
    return await work(fleet, pool);
  } finally {
    pool.close();
  }
}

/** Runs `work` on the one session that is named. */
export function onSession<T>(
  context: Context,
  { wanted, agent }: Target,
  work: (session: FleetSession, pool: AgentPool, fleet: FleetSnapshot) => Promise<T>,
): Promise<T> {
  return withFleet(context, (fleet, pool) =>
    work(resolveSession(withinAgent(fleet, agent), wanted), pool, fleet),
  );
}
