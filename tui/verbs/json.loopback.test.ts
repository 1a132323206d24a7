import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Session } from "../../protocol/session.ts";
import { agentJson, doneJson, sessionJson, verbs, watchJson, type VerbName } from "../../protocol/verbs.ts";
import type { FakeAgent } from "../client/agent.fake.ts";
import { eventually } from "../client/eventually.fake.ts";
import { FakeShellHost, fleetAgent } from "../fleet.fake.ts";

const node = join(import.meta.dirname, "../../node_modules/.bin/node");
const main = join(import.meta.dirname, "../main.ts");
let host: FakeShellHost;
let agent: FakeAgent;
let api: Session;
beforeEach(async () => {
  host = new FakeShellHost();
  await host.fleet.listen();
  agent = await host.addAgent("a1", "agent-a");
  api = agent.add("api", { state: "running", running: true, port: 1001, dns_name: "api.dev" });
  agent.add("idle");
  agent.add("stuck", { state: "locked" });
  agent.add("busy", { state: "connected", running: true });
  host.layOrphan("lost");
});
afterEach(() => host.close());

function start(...args: string[]) {
  const child = spawn(node, [main, ...host.options, ...args], {
    env: { PATH: process.env["PATH"] },
    timeout: 30_000,
  });
  const texts = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => (texts.out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (texts.err += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  return { child, texts, ended };
}
async function convocate(...args: string[]) {
  const { texts, ended } = start(...args);
  const status = await ended;
  return { status, ...texts };
}

const lines = (text: string): unknown[] =>
  text
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));

/** What each verb is called with; `watch` never ends by itself and has its own test. */
const calls: Record<Exclude<VerbName, "watch">, string[]> = {
  ls: [],
  get: ["api"],
  logs: ["api", "-n", "10"],
  new: ["fresh", "--label", "team=x", "--memory", "512m"],
  clone: ["idle", "copy"],
  edit: ["api", "--name", "renamed"],
  adopt: ["lost"],
  rm: ["idle"],
  kill: ["api"],
  restart: ["idle"],
  background: ["busy"],
  override: ["stuck"],
  agents: [],
  doctor: ["--root", "/nonexistent", "--resolver", "127.0.0.1:1"],
  version: [],
};

test.each(Object.entries(calls))(
  "%s --json prints what is published",
  async (verb, args) => {
    const ran = await convocate(verb, ...args, "--json");
    expect(ran).toMatchObject({ status: 0, err: "" });
    const { json } = verbs[verb as VerbName];
    json.parse(JSON.parse(ran.out));
  },
  30_000,
);

test("watch: a snapshot, then changes, of one agent where one is named; capacity alone is no news", async () => {
  const other = await host.addAgent("a2", "agent-b");
  const { child, texts, ended } = start("watch", "--agent", "agent-a");
  await eventually(() => expect(texts.out).toContain('"snapshot"'), 20_000);
  other.add("elsewhere");
  const [known] = host.fleet.agents;
  if (!known) throw new Error("no agent is registered");
  host.fleet.tell({ type: "agent", agent: { ...known, capacity: { cpus: 1 } } });
  host.fleet.tell({ type: "agent", agent: { ...known, health: "silent", reason: "no heartbeat" } });
  agent.put({ ...api, name: "e\u009bvil", state: "stopped", running: false });
  host.fleet.tell({ type: "session.removed", agent_id: "a1", session_id: api.uuid });
  await host.fleet.close();
  await eventually(() => expect(texts.out).toContain('"lost"'), 20_000);
  await host.fleet.listen();
  await eventually(() => expect(texts.out.match(/"snapshot"/g)).toHaveLength(2), 20_000);
  child.kill();
  await ended;
  const told = lines(texts.out).map((line) => watchJson.parse(line));
  expect(told.map(({ type }) => type)).toEqual([
    "snapshot",
    "agent",
    "session",
    "session.removed",
    "lost",
    "snapshot",
  ]);
  expect(told[0]).toMatchObject({ agents: ["a1"], sessions: expect.any(Array) as unknown });
  expect(told[2]).toMatchObject({ session: { name: "e\u009bvil", state: "stopped", reachable: false } });
  expect(texts.out).toMatch(/^[\x20-\x7e\n]*$/);
}, 60_000);

test("watch: orphans are sessions of no agent, but of one agent alone they are not told", async () => {
  const [all, one] = [start("watch"), start("watch", "--agent", "agent-a")];
  const told = () => lines(all.texts.out).map((line) => watchJson.parse(line));
  for (const { texts } of [all, one]) await eventually(() => expect(texts.out).toContain("snapshot"), 20_000);
  const second = host.layOrphan("second");
  await eventually(() => expect(told()).toHaveLength(2), 20_000);
  host.forget(second.uuid);
  await eventually(() => expect(told()).toHaveLength(3), 20_000);
  agent.put({ ...api, name: "later" });
  await eventually(() => expect(one.texts.out).toContain("later"), 20_000);
  for (const { child, ended } of [all, one]) {
    child.kill();
    await ended;
  }
  const orphan = { state: "orphan", agent_id: null, host: null, size_bytes: 5 << 20 };
  expect(told().slice(0, 3)).toMatchObject([
    {
      type: "snapshot",
      sessions: expect.arrayContaining([expect.objectContaining({ name: "lost", ...orphan })]) as unknown,
    },
    { type: "session", session: { name: "second", ...orphan } },
    { type: "session.removed", agent_id: null, uuid: second.uuid },
  ]);
  expect(one.texts.out).not.toMatch(/lost|second/);
}, 60_000);

test("every action of the list, done by its verb, is the same request to the agent", async () => {
  const asked = async (op: string, ...args: string[]): Promise<object | null | undefined> => {
    const ran = await convocate(...args);
    expect(ran).toMatchObject({ status: 0, err: "" });
    return agent.calls.findLast((call) => call.op === op)?.params;
  };
  const seeded = [
    "--repo",
    "https://git.example/x.git",
    "--branch",
    "dev",
    "--setup",
    "make",
    "--command",
    "bash",
  ];
  const limited = [
    "--memory",
    "4g",
    "--cpus",
    "1.5",
    "--pids",
    "100",
    "--label",
    "team=x",
    "--label",
    "a=b=c",
  ];
  expect(
    await asked(
      "create",
      "new",
      "made",
      "--agent",
      "auto",
      "--port",
      "53",
      "--protocol",
      "udp",
      "--dns",
      "made.dev",
      ...seeded,
      ...limited,
    ),
  ).toEqual({
    name: "made",
    port: 53,
    protocol: "udp",
    dns_name: "made.dev",
    repo: "https://git.example/x.git",
    branch: "dev",
    setup: "make",
    command: "bash",
    limits: { memory_bytes: 4 * 2 ** 30, cpus: 1.5, pids: 100 },
    labels: { team: "x", a: "b=c" },
  });
  const id = api.uuid;
  const kept = { id, name: "api", port: 1001, protocol: "", dns_name: "api.dev" };
  expect(await asked("edit", "edit", "api", "--protocol", "udp")).toEqual({ ...kept, protocol: "udp" });
  expect(await asked("edit", "edit", id.slice(0, 8), "--port", "none", "--dns", "", "--restart")).toEqual({
    ...kept,
    port: 0,
    protocol: "udp",
    dns_name: "",
  });
  expect(agent.calls.map(({ op }) => op).filter((op) => op === "kill" || op === "restart")).toEqual([
    "kill",
    "restart",
  ]);
  expect(await asked("background", "background", "busy")).toEqual({ id: uuidOf("busy") });
  expect(await asked("override", "override", "stuck")).toEqual({ id: uuidOf("stuck") });
  expect(await asked("clone", "clone", "idle", "twin", "--agent", "agent-a")).toEqual({
    source_id: uuidOf("idle"),
    name: "twin",
  });
  expect(await convocate("clone", "api", "other")).toMatchObject({
    status: 4,
    err: expect.stringContaining("kill it, then clone it") as unknown,
  });
  expect(await convocate("override", "twin")).toMatchObject({ status: 4 });
}, 120_000);

const uuidOf = (name: string) => [...agent.sessions.values()].find((session) => session.name === name)?.uuid;

test("--agent: narrows lists and names; auto goes where least is promised; wrong options are named", async () => {
  const other = await host.addAgent("a2", "agent-b");
  const twin = other.add("api");
  const capacity = (promised: number) => ({
    capacity: { memory_bytes: 100, memory_promised_bytes: promised, cpus: 2, sessions_running: 0 },
  });
  const place = { address: `127.0.0.1:${String(other.port)}`, host_key: other.hostKey.public };
  const [first] = host.fleet.agents;
  if (!first) throw new Error("no agent is registered");
  host.fleet.tell({ type: "agent", agent: { ...first, ...capacity(90) } });
  host.fleet.tell({
    type: "agent",
    agent: fleetAgent("a2", "agent-b", { ...place, ...capacity(10), version: "0.0.1" }),
  });
  const listed = JSON.parse((await convocate("ls", "--agent", "agent-b", "--json")).out) as {
    uuid: string;
  }[];
  expect(listed.map(({ uuid }) => uuid)).toEqual([twin.uuid]);
  expect(await convocate("kill", "api")).toMatchObject({ status: 2 });
  expect(await convocate("restart", "api", "--agent", "a2")).toMatchObject({ status: 0 });
  expect(await convocate("ls", "--agent", "nope")).toMatchObject({ status: 3 });
  expect(await convocate("new", "lands", "--agent", "auto")).toMatchObject({
    status: 0,
    out: expect.stringContaining("on agent-b") as unknown,
  });
  const told = JSON.parse((await convocate("agents", "--json")).out) as unknown[];
  expect(told.map((row) => agentJson.parse(row))).toMatchObject([
    { host: "agent-a", protocol: 1, skew: null, memory_bytes: { total: 100, promised: 90, used: null } },
    { host: "agent-b", skew: "older" },
  ]);
  expect((await convocate("agents")).out).toMatch(/HOST .*MEMORY PROMISED[^]*0\.0\.1 \(older\) +1 /);
  for (const wrong of [
    ["--memory", "lots"],
    ["--cpus", "0"],
    ["--pids", "1.5"],
    ["--label", "team"],
  ]) {
    const ran = await convocate("new", "x", "--agent", "a1", ...wrong);
    expect(ran).toMatchObject({ status: 2, err: expect.stringContaining(wrong[0] ?? "") as unknown });
  }
}, 120_000);

test("the published schemas are strict: a field that is not published fails", () => {
  expect(doneJson.safeParse({ done: "killed", uuid: "x", name: "n", agent_id: "a", more: 1 }).success).toBe(
    false,
  );
  expect(sessionJson.safeParse({}).success).toBe(false);
});
