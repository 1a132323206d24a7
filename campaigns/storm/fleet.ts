import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { shellFiles } from "../../protocol/config.ts";
import { watchFleet } from "../../tui/client/fleet-socket.ts";
import { newKey } from "../../tui/client/agent.fake.ts";
import type { FleetMessage, FleetSession } from "../../protocol/fleet.ts";
import { connect } from "node:net";
import type { Random } from "../random.ts";
import { changeOf, StormAgent } from "./agent.ts";
import type { StatusProcess } from "./status-process.ts";

/** Many agents of one status daemon, and a reader of it that compares what it hears with what they have. */
export class StormFleet {
  readonly agents: StormAgent[] = [];
  /** What a reader must never hear. */
  readonly found: string[] = [];
  readonly #heard = new Map<string, FleetSession>();
  readonly #up = new Set<string>();
  #reader: { close(): void } | null = null;

  /** Registers so many agents of so many sessions each with a daemon that is not running yet, and starts it. */
  async open(
    daemon: StatusProcess,
    size: { agents: number; sessions: number },
    random: Random,
  ): Promise<void> {
    const keys = Array.from({ length: size.agents }, newKey);
    const ids = keys.map((_, n) => `agent-${String(n)}`);
    for (const id of ids) daemon.config.register(id, id);
    const lines = keys.map((key, n) => `${key.public.trim()} agent=${String(ids[n])}\n`);
    appendFileSync(join(daemon.folder, shellFiles.authorizedKeys), lines.join(""));
    await daemon.start();
    keys.forEach((key, n) => {
      const id = `agent-${String(n)}`;
      // 250 to a /24, so that none ends in 0 or 255.
      const address = `127.9.${String(Math.floor(n / 250))}.${String(1 + (n % 250))}`;
      const { target } = daemon;
      const { sessions } = size;
      const own = random.fork(id);
      this.agents.push(
        new StormAgent({ id, address, privateKey: key.private, sessions, target, random: own }),
      );
    });
    this.#reader = watchFleet(
      { openFleet: () => connect(daemon.socket) },
      { message: (message) => this.#hear(message), down: () => this.#up.clear() },
      () => 100,
    );
  }

  /** Waits until the reader knows exactly what the agents have; answers how long that took in ms. */
  async settled(withinMs: number): Promise<number> {
    const began = performance.now();
    for (;;) {
      const wrong = this.#difference();
      const took = performance.now() - began;
      if (wrong === null) return took;
      if (took > withinMs) throw new Error(`after ${String(withinMs)} ms ${wrong}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  close(): void {
    this.#reader?.close();
    for (const agent of this.agents) agent.close();
  }

  #difference(): string | null {
    if (this.#up.size < this.agents.length)
      return `${String(this.#up.size)} of ${String(this.agents.length)} agents are up`;
    let sessions = 0;
    for (const agent of this.agents) {
      for (const session of agent.sessions.values()) {
        sessions += 1;
        const heard = this.#heard.get(session.uuid);
        if (heard?.name !== session.name || heard.state !== session.state)
          return `${agent.id} has ${session.name} ${String(session.state)}, the reader ${String(heard?.name)} ${String(heard?.state)}`;
      }
    }
    return sessions === this.#heard.size
      ? null
      : `the reader knows ${String(this.#heard.size)} sessions, there are ${String(sessions)}`;
  }

  #hear(message: FleetMessage): void {
    switch (message.type) {
      case "snapshot":
        this.#up.clear();
        for (const { agent_id, health } of message.agents) if (health === "up") this.#up.add(agent_id);
        this.#heard.clear();
        for (const session of message.sessions) this.#heard.set(session.uuid, session);
        return;
      case "agent":
        if (message.agent.health === "up") this.#up.add(message.agent.agent_id);
        else this.#up.delete(message.agent.agent_id);
        return;
      case "session": {
        const { session } = message;
        const before = this.#heard.get(session.uuid);
        if (before && changeOf(session) < changeOf(before))
          this.found.push(`session ${session.uuid}: change ${session.name} was told after ${before.name}`);
        this.#heard.set(session.uuid, session);
        return;
      }
      case "session.removed":
        this.found.push(`session ${message.session_id} was told as removed; no agent removes any`);
        return;
      default:
        return;
    }
  }
}
