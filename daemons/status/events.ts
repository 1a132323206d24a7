import type { FleetSession } from "../../protocol/fleet.ts";
import type { Session } from "../../protocol/session.ts";
import { eventData, isEventType, queueLimit, type StatusEvent } from "../../protocol/status.ts";
import type { Agent } from "./agent.ts";
import { sessionsMax, takePart } from "./snapshot-parts.ts";

/** The agent after its event; a string says why the event cannot be used. Types we do not know change nothing. */
export function applyEvent(agent: Agent, event: StatusEvent, now: Date): Agent | string {
  if (!isEventType(event.type)) return agent;
  switch (event.type) {
    case "agent.started": {
      const told = eventData["agent.started"].partial().safeParse(event.data ?? {});
      if (!told.success) return wrong(told.error);
      const { version = agent.version, image_tag = agent.image_tag } = told.data;
      // v2 tells it at every reconnect: it resets nothing.
      return { ...alive(agent, now), version, image_tag };
    }
    case "agent.heartbeat":
      return alive(agent, now);
    case "agent.shutdown": {
      const told = eventData["agent.shutdown"].safeParse(event.data);
      return { ...agent, leaving: told.success ? `shut down: ${told.data.reason}` : "shut down" };
    }
    case "agent.capacity": {
      const told = eventData["agent.capacity"].safeParse(event.data);
      return told.success ? { ...agent, capacity: told.data } : wrong(told.error);
    }
    case "agent.overflow": {
      const told = eventData["agent.overflow"].safeParse(event.data);
      return `the agent dropped ${told.success ? String(told.data.dropped) : "some"} events while it was disconnected`;
    }
    case "agent.snapshot": {
      const told = eventData["agent.snapshot"].safeParse(event.data);
      if (!told.success) return wrong(told.error);
      const meanwhile = told.data.last ? (agent.gathering?.meanwhile ?? []) : [];
      const taken = takePart(agent, told.data);
      if (typeof taken === "string") return taken;
      return meanwhile.reduce((after, event) => onSession(after, event), taken);
    }
    default: {
      const after = changeSession(agent, event);
      if (typeof after === "string" || !after.gathering) return after;
      // A snapshot is under way, and may tell what was before this event.
      const meanwhile = [...after.gathering.meanwhile, event].slice(-queueLimit);
      return { ...after, gathering: { ...after.gathering, meanwhile } };
    }
  }
}

/** As `changeSession`, for events that were usable before. */
function onSession(agent: Agent, event: StatusEvent): Agent {
  const after = changeSession(agent, event);
  return typeof after === "string" ? agent : after;
}

function changeSession(agent: Agent, event: StatusEvent): Agent | string {
  switch (event.type) {
    case "container.deleted":
      return without(agent, event.session_id);
    case "container.stopped": {
      const told = eventData["container.stopped"].safeParse(event.data ?? undefined);
      const cause = told.success ? told.data?.cause : undefined;
      return patch(agent, event.session_id, {
        running: false,
        attached: false,
        operators: undefined,
        state: "stopped",
        state_since: event.timestamp,
        ...(cause !== undefined && { exit_cause: cause }),
      });
    }
    case "container.started":
      if (event.data === undefined || event.data === null)
        return patch(agent, event.session_id, {
          running: true,
          state: "running",
          state_since: event.timestamp,
        });
      return replace(agent, event);
    default:
      return replace(agent, event);
  }
}

/** The event carries the whole session. */
function replace(agent: Agent, event: StatusEvent): Agent | string {
  const told = eventData["session.state"].safeParse(event.data);
  if (!told.success) return wrong(told.error);
  const { uuid } = told.data;
  if (event.session_id !== undefined && event.session_id !== uuid)
    return `session_id ${event.session_id} with the data of session ${uuid}`;
  if (agent.sessions.size >= sessionsMax && !agent.sessions.has(uuid))
    return `more than ${String(sessionsMax)} sessions`;
  return put(agent, { ...told.data, agent_id: agent.agent_id });
}

function patch(agent: Agent, id: string | undefined, change: Partial<Session>): Agent {
  const known = id === undefined ? undefined : agent.sessions.get(id);
  return known ? put(agent, { ...known, ...change, agent_id: agent.agent_id }) : agent;
}

function put(agent: Agent, session: FleetSession): Agent {
  return { ...agent, sessions: new Map(agent.sessions).set(session.uuid, session) };
}

function without(agent: Agent, id: string | undefined): Agent {
  if (id === undefined || !agent.sessions.has(id)) return agent;
  const sessions = new Map(agent.sessions);
  sessions.delete(id);
  return { ...agent, sessions };
}

function alive(agent: Agent, now: Date): Agent {
  const beat = { ...agent, beat: now.getTime() };
  return agent.health === "silent" ? { ...beat, health: "up", since: now.toISOString(), reason: null } : beat;
}

function wrong(error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] }): string {
  const issue = error.issues[0];
  return `data${issue ? `.${issue.path.map(String).join(".")}: ${issue.message}` : " is wrong"}`;
}
