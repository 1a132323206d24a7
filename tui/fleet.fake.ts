import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FleetAgent } from "../protocol/fleet.ts";
import { FakeAgent } from "./client/agent.fake.ts";
import { FakeFleet } from "./client/fleet.fake.ts";

/** A shell host for tests: status socket and registrations in a folder of its own, agents on 127.0.0.1. */
export class FakeShellHost {
  readonly folder = mkdtempSync(join(tmpdir(), "convocate-tui-"));
  readonly agentKeys = join(this.folder, "agent-keys");
  readonly fleet = new FakeFleet(join(this.folder, "fleet.sock"));
  readonly agents: FakeAgent[] = [];

  /** Options that point `convocate` here. */
  get options(): string[] {
    return ["--socket", this.fleet.path, "--agent-keys", this.agentKeys];
  }

  async addAgent(id: string, host: string, options: { v2?: boolean } = {}): Promise<FakeAgent> {
    const agent = new FakeAgent(id, options);
    this.agents.push(agent);
    await agent.listen();
    await agent.register(this.agentKeys, host);
    // What an agent's own events would tell the status daemon.
    agent.onChange = (session, removed) => {
      if (removed) this.fleet.tell({ type: "session.removed", agent_id: id, session_id: session.uuid });
      else this.fleet.tell({ type: "session", session: { ...session, agent_id: id } });
    };
    const place = { address: `127.0.0.1:${String(agent.port)}`, host_key: agent.hostKey.public };
    this.fleet.tell({ type: "agent", agent: fleetAgent(id, host, place) });
    return agent;
  }

  async close(): Promise<void> {
    await Promise.all([this.fleet.close(), ...this.agents.map((agent) => agent.close())]);
    rmSync(this.folder, { recursive: true });
  }
}

export const fleetAgent = (id: string, host: string, more: Partial<FleetAgent> = {}): FleetAgent => ({
  agent_id: id,
  host,
  address: "127.0.0.1",
  health: "up",
  since: new Date().toISOString(),
  ...more,
});
