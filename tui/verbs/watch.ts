import { isDeepStrictEqual } from "node:util";
import type { FleetMessage } from "../../protocol/fleet.ts";
import type { Orphan } from "../../protocol/orphan.ts";
import type { WatchJson } from "../../protocol/verbs.ts";
import { watchFleet } from "../client/fleet-socket.ts";
import { applyMessage, noFleet, sessionKey, type Fleet } from "../state/fleet.ts";
import { jsonLine, type Context } from "./context.ts";
import { orphanJson, sessionJson } from "./session-json.ts";

/** The fleet, then its changes, a line of JSON each, until the process is ended. Reconnects by itself. */
export async function watch(context: Context, { agent }: { agent?: string }): Promise<void> {
  let fleet = noFleet;
  const say = (line: WatchJson) => void context.stdout.write(jsonLine(line));
  await new Promise<void>((resolve) => {
    const watching = watchFleet(context.access, {
      message(message) {
        const before = fleet;
        fleet = applyMessage(fleet, message);
        const line = lineOf(message, { fleet, before, agent });
        if (line) say(line);
        if (message.type === "orphans" && agent === undefined)
          orphanLines(message.orphans, before.orphans).forEach(say);
      },
      down: ({ message }) => say({ type: "lost", reason: message }),
    });
    context.stdout.once("close", () => {
      watching.close();
      resolve();
    });
  });
}

interface Seen {
  fleet: Fleet;
  /** What was before the message: it knows an agent that was removed. */
  before: Fleet;
  /** Id or host: only what is about this one is told. */
  agent: string | undefined;
}

function lineOf(message: FleetMessage, { fleet, before, agent }: Seen): WatchJson | null {
  const about = (id: string): boolean => {
    const known = fleet.agents.get(id) ?? before.agents.get(id);
    return agent === undefined || agent === id || agent === known?.host;
  };
  const json = (session: Parameters<typeof sessionJson>[0]) =>
    sessionJson(session, fleet.agents.get(session.agent_id));
  switch (message.type) {
    case "snapshot": {
      const agents = message.agents.map(({ agent_id }) => agent_id).filter(about);
      const sessions = message.sessions.filter(({ agent_id }) => about(agent_id)).map(json);
      const orphans = agent === undefined ? fleet.orphans.map(orphanJson) : [];
      return { type: "snapshot", agents, sessions: [...sessions, ...orphans] };
    }
    case "agent": {
      const { agent_id, host, health, reason = null } = message.agent;
      const known = before.agents.get(agent_id);
      // Its capacity changes all the time; that is no news of the fleet.
      if (known?.health === health && known.host === host && (known.reason ?? null) === reason) return null;
      return about(agent_id) ? { type: "agent", agent_id, host, health, reason } : null;
    }
    case "agent.removed":
      return about(message.agent_id) ? { type: "agent.removed", agent_id: message.agent_id } : null;
    case "session": {
      const session = fleet.sessions.get(sessionKey(message.session));
      return session && about(session.agent_id) ? { type: "session", session: json(session) } : null;
    }
    case "session.removed": {
      const { agent_id, session_id: uuid } = message;
      return about(agent_id) ? { type: "session.removed", agent_id, uuid } : null;
    }
    case "orphans":
    case "contested":
    case "event":
      return null;
  }
}

/** Those that came or changed, and those that are gone: sessions of no agent. */
function orphanLines(now: readonly Orphan[], before: readonly Orphan[]): WatchJson[] {
  const known = new Map(before.map((orphan) => [orphan.uuid, orphan]));
  const there = new Set(now.map(({ uuid }) => uuid));
  const changed = now.filter((orphan) => !isDeepStrictEqual(known.get(orphan.uuid), orphan));
  const gone = before.filter(({ uuid }) => !there.has(uuid));
  return [
    ...changed.map((orphan): WatchJson => ({ type: "session", session: orphanJson(orphan) })),
    ...gone.map(({ uuid }): WatchJson => ({ type: "session.removed", agent_id: null, uuid })),
  ];
}
