import type { FleetAgent, FleetSession } from "../../protocol/fleet.ts";
import type { Orphan } from "../../protocol/orphan.ts";
import { reduce } from "./reduce.ts";
import { initialState, type Effect, type Event, type State } from "./state.ts";

/** 2026-01-01, 12:00 UTC. */
export const noon = Date.parse("2026-01-01T12:00:00Z");
export const ago = (seconds: number): string => new Date(noon - seconds * 1000).toISOString();

export const anAgent = (id: string, more: Partial<FleetAgent> = {}): FleetAgent => ({
  agent_id: id,
  host: `host-${id}`,
  address: "10.0.0.1",
  health: "up",
  since: ago(3600),
  ...more,
});

/** A session of agent `a`; the number makes its UUID and how long ago it was used, in minutes. */
export const aSession = (n: number, more: Partial<FleetSession> = {}): FleetSession => ({
  uuid: `${String(n).padStart(8, "0")}-0000-4000-8000-000000000000`,
  name: `session ${String(n)}`,
  agent_id: "a",
  created_at: ago(86_400),
  last_accessed: ago(n * 60),
  state: "stopped",
  ...more,
});

/** The state of a screen of this size after these events, and every effect on the way. */
export function after(events: Event[], size = { cols: 80, rows: 24 }): { state: State; effects: Effect[] } {
  let state = initialState({ size, now: noon, operator: null });
  const effects: Effect[] = [];
  for (const event of events) {
    const reduced = reduce(state, event);
    state = reduced.state;
    effects.push(...reduced.effects);
  }
  return { state, effects };
}

export const snapshot = (agents: FleetAgent[], sessions: FleetSession[]): Event => ({
  type: "fleet",
  message: { type: "snapshot", agents, sessions },
});

/** An orphan; the number makes its UUID and how long ago it was used, in minutes. */
export const anOrphan = (n: number, more: Partial<Orphan> = {}): Orphan => ({
  uuid: `${String(n).padStart(8, "0")}-1111-4000-8000-000000000000`,
  name: `orphan ${String(n)}`,
  created_at: ago(86_400),
  last_accessed: ago(n * 60),
  ...more,
});

export const withOrphans = (agents: FleetAgent[], sessions: FleetSession[], orphans: Orphan[]): Event => ({
  type: "fleet",
  message: { type: "snapshot", agents, sessions, orphans },
});

/** Keys one after the other: names of special keys, or text typed character by character. */
export const press = (...names: string[]): Event[] => names.map((name) => ({ type: "key", name }));
export const type = (text: string): Event[] => press(...text);
