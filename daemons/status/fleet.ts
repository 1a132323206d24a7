import type { FleetMessage } from "../../protocol/fleet.ts";
import { silentAfter, type StatusEvent } from "../../protocol/status.ts";
import { newAgent, type Agent, type Registration } from "./agent.ts";
import { changesOf } from "./changes.ts";
import type { Session } from "../../protocol/session.ts";
import { applyEvent } from "./events.ts";
import { owned } from "./snapshot-parts.ts";

/** Every agent that is registered or connected, by id. */
export type Fleet = ReadonlyMap<string, Agent>;

export type FleetInput =
  | { kind: "registrations"; all: readonly Registration[] }
  | { kind: "connected"; agent_id: string }
  | { kind: "disconnected"; agent_id: string; reason: string }
  | { kind: "event"; event: StatusEvent }
  /** Sessions that an agent was asked for because it does not tell them by itself. */
  | { kind: "listed"; agent_id: string; sessions: Session[] }
  /** Time passed. */
  | { kind: "tick" };

export interface Step {
  fleet: Fleet;
  /** What readers are to be told. */
  changes: FleetMessage[];
  /** Why an event was not used, or what it tells that is wrong. */
  problem: string | null;
}

/** The fleet after `input`, and what that changes for readers. */
export function reduce(fleet: Fleet, input: FleetInput, now: Date): Step {
  switch (input.kind) {
    case "registrations":
      return step(fleet, register(fleet, input.all, now));
    case "connected": {
      const agent = fleet.get(input.agent_id) ?? newAgent(input.agent_id, now);
      return step(fleet, put(fleet, connect(agent, now)), [input.agent_id]);
    }
    case "disconnected": {
      const agent = fleet.get(input.agent_id);
      const after = agent ? put(fleet, disconnect(agent, input.reason, now)) : fleet;
      return step(fleet, after, [input.agent_id]);
    }
    case "event": {
      const { event } = input;
      const agent = fleet.get(event.agent_id);
      if (!agent) return { fleet, changes: [], problem: "from an agent that is not connected" };
      const after = applyEvent(agent, event, now);
      if (typeof after === "string") return { fleet, changes: [], problem: after };
      return step(fleet, put(fleet, after), [event.agent_id]);
    }
    case "listed": {
      const agent = fleet.get(input.agent_id);
      if (!agent?.connected || agent.told) return step(fleet, fleet, []);
      const listed = { ...agent, known: true, sessions: owned(input.agent_id, input.sessions) };
      return step(fleet, put(fleet, listed), [input.agent_id]);
    }
    case "tick":
      return step(fleet, new Map([...fleet].map(([id, agent]) => [id, silence(agent, now)])));
  }
}

/** What became of the agents `ids`; without them all are looked at, which an event of one must not cost. */
function step(before: Fleet, after: Fleet, ids?: readonly string[]): Step {
  const looked = ids ?? [...new Set([...before.keys(), ...after.keys()])];
  const changes = looked.flatMap((id) => changesOf(before.get(id), after.get(id)));
  return { fleet: after, changes, problem: null };
}

/** An agent that is neither registered nor connected is nobody's. */
function put(fleet: Fleet, agent: Agent): Fleet {
  const after = new Map(fleet);
  if (agent.registration || agent.connected) after.set(agent.agent_id, agent);
  else after.delete(agent.agent_id);
  return after;
}

function register(fleet: Fleet, all: readonly Registration[], now: Date): Fleet {
  const registered = new Map(all.map((registration) => [registration.agent_id, registration]));
  const after = new Map<string, Agent>();
  for (const agent of fleet.values()) {
    const registration = registered.get(agent.agent_id) ?? null;
    if (registration || agent.connected) after.set(agent.agent_id, { ...agent, registration });
  }
  for (const registration of all)
    if (!after.has(registration.agent_id))
      after.set(registration.agent_id, { ...newAgent(registration.agent_id, now), registration });
  return after;
}

function connect(agent: Agent, now: Date): Agent {
  const [connectedAt, beat] = [now.getTime(), now.getTime()];
  const fresh = { ...agent, connected: true, connectedAt, beat, told: false, leaving: null, gathering: null };
  return agent.health === "up" ? fresh : { ...fresh, health: "up", since: now.toISOString(), reason: null };
}

function disconnect(agent: Agent, reason: string, now: Date): Agent {
  return {
    ...agent,
    connected: false,
    health: "down",
    since: now.toISOString(),
    reason: agent.leaving ?? reason,
    leaving: null,
    gathering: null,
  };
}

function silence(agent: Agent, now: Date): Agent {
  if (agent.health !== "up" || now.getTime() - agent.beat < silentAfter) return agent;
  const reason = `no heartbeat for ${String(silentAfter / 1_000)} s`;
  return { ...agent, health: "silent", since: now.toISOString(), reason };
}
