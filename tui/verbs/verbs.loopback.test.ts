import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Session } from "../../protocol/session.ts";
import { attachExit } from "../../protocol/attach.ts";
import type { SessionJson } from "../../protocol/verbs.ts";
import type { FakeAgent } from "../client/agent.fake.ts";
import { eventually } from "../client/eventually.fake.ts";
import { FakeShellHost, fleetAgent } from "../fleet.fake.ts";

const main = join(import.meta.dirname, "../main.ts");
let host: FakeShellHost;
let agent: FakeAgent;
let api: Session;
beforeEach(async () => {
  host = new FakeShellHost();
  await host.fleet.listen();
  agent = await host.addAgent("a1", "agent-a");
  api = agent.add("api", { state: "running", running: true, port: 1001, dns_name: "api.dev" });
});
afterEach(() => host.close());

interface Ran {
  status: number | null;
  out: string;
  err: string;
}

function start(args: string[], env: Record<string, string> = {}) {
  const child = spawn(join(import.meta.dirname, "../../node_modules/.bin/node"), [main, ...args], {
    env: { PATH: process.env["PATH"], ...env },
    timeout: 20_000,
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  const ran = new Promise<Ran>((resolve) => child.on("close", (status) => resolve({ status, out, err })));
  return { child, ran, out: () => out };
}
const convocate = (...args: string[]): Promise<Ran> => start([...host.options, ...args]).ran;

test("ls: a table for people, stable JSON for programs; hostile names do nothing in the table", async () => {
  host.fleet.tell({ type: "agent", agent: fleetAgent("a2", "agent-b", { health: "down", reason: "lost" }) });
  const evil = { ...api, uuid: "ffffffff-0000-4000-8000-000000000000", name: "e\x1b[2Jvil", agent_id: "a2" };
  host.fleet.tell({ type: "session", session: evil });
  const table = await convocate("ls");
  expect(table).toMatchObject({ status: 0, err: "" });
  expect(table.out).toContain("R  " + api.uuid.slice(0, 8) + "  api");
  expect(table.out).toMatch(/e\?\[2Jvil.*unreachable: lost/);
  const json = JSON.parse((await convocate("ls", "--json")).out) as SessionJson[];
  expect(json.find(({ name }) => name === "api")).toEqual({
    uuid: api.uuid,
    name: "api",
    agent_id: "a1",
    host: "agent-a",
    state: "running",
    reachable: true,
    reason: null,
    port: 1001,
    protocol: "tcp",
    dns_name: "api.dev",
    image: "convocate:1.0",
    command: null,
    repo: null,
    branch: null,
    labels: {},
    created_at: api.created_at,
    last_accessed: api.last_accessed,
    state_since: null,
    exit_cause: null,
    size_bytes: null,
  });
  expect(json.find(({ name }) => name === evil.name)).toMatchObject({ reachable: false, reason: "lost" });
}, 20_000);

test("JSON keeps hostile names and gives a terminal nothing to act on", async () => {
  const name = "a\u009b2J\u202eb\u200bc\u{e0041}";
  agent.add(name);
  const { out } = await convocate("ls", "--json");
  expect((JSON.parse(out) as SessionJson[]).map((session) => session.name)).toContain(name);
  expect(out).toMatch(/^[\x20-\x7e\n]*$/);
}, 20_000);

test("new, restart, kill, get, rm: each does its one thing on the agent", async () => {
  const made = await convocate("new", "my work", "--port", "auto", "--dns-name", "work.dev", "--json");
  const { uuid, port } = JSON.parse(made.out) as SessionJson;
  expect(port).toBe(1001);
  expect(agent.sessions.get(uuid)).toMatchObject({ name: "my work", dns_name: "work.dev" });
  expect(await convocate("restart", "my work")).toMatchObject({
    status: 0,
    out: `started my work ${uuid}\n`,
  });
  expect(agent.sessions.get(uuid)).toMatchObject({ state: "running" });
  expect(await convocate("kill", uuid.slice(0, 8))).toMatchObject({ status: 0 });
  expect(JSON.parse((await convocate("get", "my work", "--json")).out)).toMatchObject({
    uuid,
    state: "stopped",
  });
  expect(await convocate("rm", "my work")).toMatchObject({ status: 0, out: `removed my work ${uuid}\n` });
  expect(agent.sessions.has(uuid)).toBe(false);
}, 20_000);

test("exit statuses: usage 2, not found 3, refused 4, unreachable 5, and each says what to do", async () => {
  expect(await convocate("bogus")).toMatchObject({ status: 2 });
  expect(await convocate("ls", "--bogus")).toMatchObject({ status: 2 });
  expect(await convocate("new", "x", "--port", "99999")).toMatchObject({ status: 2 });
  expect(await convocate("kill", "nope")).toMatchObject({
    status: 3,
    err: expect.stringContaining('"nope"') as unknown,
  });
  expect(await convocate("restart", "api")).toMatchObject({
    status: 4,
    err: expect.stringContaining('session "api" already running') as unknown,
  });
  await agent.close();
  expect(await convocate("kill", "api")).toMatchObject({ status: 5 });
  await host.fleet.close();
  expect(await convocate("ls")).toMatchObject({
    status: 5,
    err: expect.stringContaining("systemctl status convocate-status") as unknown,
  });
  await host.fleet.listen();
}, 30_000);

test("two sessions of one name: ambiguous, listed; --agent is needed when there are several", async () => {
  agent.add("api");
  expect(await convocate("rm", "api")).toMatchObject({
    status: 2,
    err: expect.stringContaining("on agent-a") as unknown,
  });
  expect(agent.sessions.size).toBe(2);
  const other = await host.addAgent("a2", "agent-b");
  expect(await convocate("new", "x")).toMatchObject({
    status: 2,
    err: expect.stringContaining("agent-b (a2)") as unknown,
  });
  expect(await convocate("new", "x", "--agent", "agent-b")).toMatchObject({ status: 0 });
  expect([...other.sessions.values()].map(({ name }) => name)).toEqual(["x"]);
}, 20_000);

test("agents and version", async () => {
  expect((await convocate("agents")).out).toMatch(/agent-a +a1 +127\.0\.0\.1:\d+ +up/);
  expect(JSON.parse((await convocate("agents", "--json")).out)).toMatchObject([
    { host: "agent-a", sessions: 1 },
  ]);
  expect((await convocate("version")).out).toMatch(/^convocate \d+\.\d+\.\d+\n$/);
}, 20_000);

test("as a login shell and as a forced command: verbs run, anything else exits 2, local files cannot be named", async () => {
  expect(await start(["-c", "version"]).ran).toMatchObject({ status: 0 });
  expect(await start(["-c", "/usr/lib/openssh/sftp-server"]).ran).toMatchObject({ status: 2 });
  expect(await start(["-c", `--socket ${host.fleet.path} ls`]).ran).toMatchObject({ status: 2 });
  const forced = ["login", "--operator", "alice"];
  expect(await start(forced, { SSH_ORIGINAL_COMMAND: "version" }).ran).toMatchObject({ status: 0 });
  expect(await start(forced, { SSH_ORIGINAL_COMMAND: "bash -i" }).ran).toMatchObject({ status: 2 });
  expect(await start(forced).ran).toMatchObject({
    status: 2,
    err: expect.stringContaining("terminal") as unknown,
  });
}, 20_000);

test("attach without a terminal relays bytes; its end is told", async () => {
  const { child, ran, out } = start([...host.options, "attach", "api", "--read-only"]);
  await eventually(() => expect(out()).toContain("attached to api at 80x24"));
  const [terminal] = agent.terminals;
  expect(terminal?.header).toMatchObject({ id: api.uuid, mode: "ro" });
  child.stdin.write("ping");
  await eventually(() => expect(out()).toContain("ping"));
  terminal?.end(attachExit.sessionEnded);
  expect(await ran).toMatchObject({ status: 0, err: "session api ended\n" });
}, 20_000);

test("the audit log hears what was done and how it went, and not what was only looked at", async () => {
  await convocate("kill", "api");
  await convocate("new", "another");
  await convocate("ls");
  await eventually(() => expect(host.fleet.audits).toHaveLength(2));
  expect(host.fleet.audits).toMatchObject([
    { operator: null, verb: "kill", agent_id: "a1", session: api.uuid, result: "ok" },
    { operator: null, verb: "create", agent_id: "a1", name: "another", result: "ok" },
  ]);
}, 20_000);

test("no private key of ours in any output, whatever goes wrong", async () => {
  const secret = agent.userKey.private.split("\n")[2] ?? "";
  expect(secret.length).toBeGreaterThan(20);
  await agent.close();
  for (const verb of [
    ["kill", "api"],
    ["get", "api"],
    ["new", "x"],
  ]) {
    const { out, err } = await convocate(...verb);
    expect(out + err).not.toContain(secret);
  }
}, 20_000);
