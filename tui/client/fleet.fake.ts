import { rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { encodeLine, LineSplitter } from "../../protocol/codec.ts";
import {
  auditEntry,
  auditMax,
  type ContestedName,
  type FleetAgent,
  type FleetMessage,
  type FleetSession,
} from "../../protocol/fleet.ts";
import type { Orphan } from "../../protocol/orphan.ts";

/** The status daemon's local side, for tests: holds a fleet, sends the snapshot, then what it is told. */
export class FakeFleet {
  readonly path: string;
  agents: FleetAgent[] = [];
  sessions: FleetSession[] = [];
  contested: ContestedName[] = [];
  orphans: Orphan[] = [];
  /** What readers told for the audit log. */
  readonly audits: unknown[] = [];
  readonly #sockets = new Set<Socket>();
  #server = createServer();

  constructor(path: string) {
    this.path = path;
  }

  /** How many readers are connected. */
  get readers(): number {
    return this.#sockets.size;
  }

  listen(): Promise<void> {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => this.#sockets.delete(socket));
      const lines = new LineSplitter(auditMax);
      socket.on("data", (chunk: Buffer) => {
        for (const line of lines.push(chunk)) this.audits.push(auditEntry.parse(JSON.parse(line)));
      });
      const { agents, sessions, contested, orphans } = this;
      socket.write(encodeLine({ type: "snapshot", agents, sessions, contested, orphans }));
    });
    return new Promise((resolve) => this.#server.listen(this.path, resolve));
  }

  /** Changes the fleet and tells every reader. */
  tell(message: FleetMessage): void {
    if (message.type === "agent") {
      this.agents = [...this.agents.filter((a) => a.agent_id !== message.agent.agent_id), message.agent];
    } else if (message.type === "session") {
      this.sessions = [...this.sessions.filter((s) => s.uuid !== message.session.uuid), message.session];
    } else if (message.type === "session.removed") {
      this.sessions = this.sessions.filter((s) => s.uuid !== message.session_id);
    } else if (message.type === "agent.removed") {
      this.agents = this.agents.filter((a) => a.agent_id !== message.agent_id);
      this.sessions = this.sessions.filter((s) => s.agent_id !== message.agent_id);
    }
    if (message.type === "orphans") this.orphans = message.orphans;
    if (message.type === "contested") this.contested = message.names;
    this.raw(encodeLine(message));
  }

  /** Sends bytes as they are, to see what a reader makes of them. */
  raw(bytes: string): void {
    for (const socket of this.#sockets) socket.write(bytes);
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    rmSync(this.path, { force: true });
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
