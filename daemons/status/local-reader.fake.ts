import { connect, type Socket } from "node:net";
import { LineSplitter } from "../../protocol/codec.ts";
import { fleetMessage, type FleetAgent, type FleetMessage, type FleetSession } from "../../protocol/fleet.ts";
import type { Orphan } from "../../protocol/orphan.ts";

/** A reader of the local socket: what a TUI knows. */
export class LocalReader {
  readonly socket: Socket;
  readonly messages: FleetMessage[] = [];
  readonly agents = new Map<string, FleetAgent>();
  readonly sessions = new Map<string, FleetSession>();
  orphans: Orphan[] = [];
  closed = false;

  constructor(path: string) {
    const splitter = new LineSplitter(64 * 2 ** 20);
    this.socket = connect(path);
    this.socket.on("error", () => {});
    this.socket.on("close", () => (this.closed = true));
    this.socket.on("data", (data) => {
      for (const line of splitter.push(data)) this.#take(fleetMessage.parse(JSON.parse(line)));
    });
  }

  #take(message: FleetMessage): void {
    this.messages.push(message);
    switch (message.type) {
      case "snapshot":
        this.agents.clear();
        this.sessions.clear();
        this.orphans = message.orphans ?? [];
        for (const agent of message.agents) this.agents.set(agent.agent_id, agent);
        for (const session of message.sessions) this.sessions.set(session.uuid, session);
        return;
      case "agent":
        this.agents.set(message.agent.agent_id, message.agent);
        return;
      case "agent.removed":
        this.agents.delete(message.agent_id);
        return;
      case "session":
        this.sessions.set(message.session.uuid, message.session);
        return;
      case "session.removed":
        this.sessions.delete(message.session_id);
        return;
      case "orphans":
        this.orphans = message.orphans;
        return;
      case "contested":
      case "event":
        return;
    }
  }
}
