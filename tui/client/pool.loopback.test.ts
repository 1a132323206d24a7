import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localAccess } from "./access.ts";
import { FakeAgent, newKey } from "./agent.fake.ts";
import { eventually } from "./eventually.fake.ts";
import { AgentPool, type PoolOptions } from "./pool.ts";

let folder: string;
let agent: FakeAgent;
let pools: AgentPool[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "pool-"));
  pools = [];
  agent = new FakeAgent("a1");
  await agent.listen();
  await agent.register(folder, "agent-a");
});
afterEach(async () => {
  for (const pool of pools) pool.close();
  await agent.close();
  rmSync(folder, { recursive: true });
});

function poolOf(options: Partial<PoolOptions> = {}): AgentPool {
  const pool = new AgentPool({
    access: localAccess({ socket: join(folder, "none.sock"), agentKeys: folder, homes: "" }),
    operator: null,
    keep: false,
    delay: () => 20,
    ...options,
  });
  pools.push(pool);
  return pool;
}

test("calls share one connection and one channel, and are answered each to its own", async () => {
  const pool = poolOf();
  const names = Array.from({ length: 20 }, (_, i) => `s${String(i)}`);
  const made = await Promise.all(names.map((name) => pool.call("a1", "create", { name })));
  expect(made.map((session) => session.name)).toEqual(names);
  expect(agent.connections).toBe(1);
  expect(agent.calls.filter((call) => call.op === "capabilities")).toHaveLength(1);
});

test("an agent's error keeps text and code, and the channel lives on", async () => {
  const pool = poolOf();
  await expect(pool.call("a1", "kill", { id: "gone" })).rejects.toMatchObject({
    code: "not_found",
    message: 'session "gone" does not exist',
  });
  expect((await pool.call("a1", "ping", {})).agent_id).toBe("a1");
});

test("a v2 agent is asked once what it can do, then gets a channel per call without ids", async () => {
  const old = new FakeAgent("old", { v2: true });
  await old.listen();
  await old.register(folder, "old");
  try {
    const pool = poolOf();
    await pool.call("old", "create", { name: "x", port: 0, protocol: "tcp", dns_name: "" });
    expect((await pool.call("old", "list", {})).map((session) => session.name)).toEqual(["x"]);
    await expect(pool.call("old", "kill", { id: "gone" })).rejects.toMatchObject({ code: "not_found" });
    expect(old.calls.map(({ op, id }) => [op, id])).toEqual([
      ["capabilities", 1],
      ["create", undefined],
      ["list", undefined],
      ["kill", undefined],
    ]);
  } finally {
    await old.close();
  }
});

test("a lost link is dialled again by itself, and says why it was down", async () => {
  const changes: (string | null)[] = [];
  const pool = poolOf({ keep: true, onChange: (_, down) => changes.push(down?.code ?? null) });
  pool.follow(["a1"]);
  await eventually(() => expect(changes).toEqual([null]));
  await agent.close();
  await eventually(() => expect(changes.slice(1)).toContain("unreachable"));
  await agent.listen();
  await eventually(() => expect(changes.at(-1)).toBeNull());
  expect((await pool.call("a1", "ping", {})).agent_id).toBe("a1");
});

test("one agent that never answers delays no other", async () => {
  const slow = new FakeAgent("slow");
  slow.slowness = new Promise(() => {});
  await slow.listen();
  await slow.register(folder, "slow");
  try {
    const pool = poolOf();
    void pool.call("slow", "list", {}).catch(() => {});
    expect(await pool.call("a1", "list", {})).toEqual([]);
  } finally {
    await slow.close();
  }
});

test("another host key than the pinned one is refused by name; so are no pin and a key that is not ours", async () => {
  await agent.close();
  agent.hostKey = newKey();
  await agent.listen();
  await expect(poolOf().call("a1", "ping", {})).rejects.toMatchObject({
    code: "host_key_changed",
    message: expect.stringMatching(/127\.0\.0\.1:\d+ shows host key SHA256:.* but SHA256:/) as unknown,
  });
  rmSync(join(folder, "a1/host_key.pub"));
  await expect(poolOf().call("a1", "ping", {})).rejects.toMatchObject({ code: "host_key_unpinned" });

  const other = new FakeAgent("a2");
  await other.listen();
  Object.assign(other.userKey, { private: newKey().private });
  await other.register(folder, "agent-b");
  try {
    await expect(poolOf().call("a2", "ping", {})).rejects.toMatchObject({ code: "auth_refused" });
  } finally {
    await other.close();
  }
});

test("rotated keys are taken up at the next dial", async () => {
  const pool = poolOf({ keep: true });
  await pool.call("a1", "ping", {});
  await agent.close();
  agent.hostKey = newKey();
  await agent.register(folder, "agent-a");
  await agent.listen();
  await eventually(async () => expect((await pool.call("a1", "ping", {})).agent_id).toBe("a1"));
});
