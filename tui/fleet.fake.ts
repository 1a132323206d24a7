import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FleetAgent } from "../protocol/fleet.ts";
import type { Orphan } from "../protocol/orphan.ts";
import { FakeAgent } from "./client/agent.fake.ts";
import { FakeFleet } from "./client/fleet.fake.ts";

/** A shell host for tests: status socket and registrations in a folder of its own, agents on 127.0.0.1. */
export class FakeShellHost {
  readonly folder = mkdtempSync(join(tmpdir(), "convocate-tui-"));
  readonly agentKeys = join(this.folder, "agent-keys");
  readonly homes = join(this.folder, "homes");
  readonly fleet = new FakeFleet(join(this.folder, "fleet.sock"));
  readonly agents: FakeAgent[] = [];

  /** Options that point `convocate` here. */
  get options(): string[] {
    return ["--socket", this.fleet.path, "--agent-keys", this.agentKeys, "--homes", this.homes];
  }

  async addAgent(id: string, host: string, options: { v2?: boolean } = {}): Promise<FakeAgent> {
    const agent = new FakeAgent(id, options);
    this.agents.push(agent);
    await agent.listen();
    await agent.register(this.agentKeys, host);
    // What an agent's own events would tell the status daemon.
    agent.onChange = (session, removed) => {
      // Claimed, it is no orphan any more.
      if (this.fleet.orphans.some(({ uuid }) => uuid === session.uuid)) this.forget(session.uuid);
      if (removed) this.fleet.tell({ type: "session.removed", agent_id: id, session_id: session.uuid });
      else this.fleet.tell({ type: "session", session: { ...session, agent_id: id } });
    };
    const place = { address: `127.0.0.1:${String(agent.port)}`, host_key: agent.hostKey.public };
    this.fleet.tell({ type: "agent", agent: fleetAgent(id, host, place) });
    return agent;
  }

  /** A session directory that no agent claims, as the status daemon tells of it. */
  layOrphan(name: string, more: Partial<Orphan> = {}): Orphan {
    const at = new Date().toISOString();
    const orphan = { uuid: randomUUID(), name, created_at: at, last_accessed: at, bytes: 5 << 20, ...more };
    mkdirSync(join(this.homes, orphan.uuid), { recursive: true });
    writeFileSync(join(this.homes, orphan.uuid, "notes"), `of ${name}`);
    this.fleet.tell({ type: "orphans", orphans: [...this.fleet.orphans, orphan] });
    return orphan;
  }

  /** The status daemon sees that a directory is gone. */
  forget(uuid: string): void {
    this.fleet.tell({ type: "orphans", orphans: this.fleet.orphans.filter((one) => one.uuid !== uuid) });
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
