import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClientChannel } from "ssh2";
import { encodeLine } from "../../protocol/codec.ts";
import type { ConvocateError } from "../../protocol/errors.ts";
import { subsystems } from "../../protocol/transport.ts";
import { realClock } from "../host/clock.ts";
import { eventually } from "../host/eventually.fake.ts";
import { MemoryLog } from "../host/log.fake.ts";
import { silentLog } from "../host/log.ts";
import { keepDialed } from "../ssh/dialer.ts";
import { createKeyPair, type KeyPair } from "../ssh/keypair.fake.ts";
import { LocalReader } from "./local-reader.fake.ts";
import { ConfigDir } from "./registration.fake.ts";
import { serve, type StatusDaemon } from "./serve.ts";

let directory: string;
let config: ConfigDir;
let socket: string;
let log: MemoryLog;
let keyOfA: KeyPair;
let daemon: StatusDaemon;
let ends: (() => void)[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "convocate-status-"));
  config = new ConfigDir(directory);
  socket = join(directory, "fleet.sock");
  log = new MemoryLog();
  ends = [];
  config.register("a", "agent-a");
  writeFileSync(join(directory, "domain"), "fleet.example\n");
  keyOfA = config.admit("a");
  daemon = await start();
});

afterEach(async () => {
  for (const end of ends) end();
  await daemon.close();
  rmSync(directory, { recursive: true });
});

const start = () =>
  serve({
    configDir: directory,
    stateDir: directory,
    homes: join(directory, "homes"),
    agentConfig: join(directory, "agent"),
    address: "127.0.0.1",
    port: 0,
    socket,
    clock: realClock,
    log,
  });

function read(): LocalReader {
  const reader = new LocalReader(socket);
  ends.push(() => reader.socket.destroy());
  return reader;
}

/** An agent's side: the open channel, and what it hears when it is refused. */
async function call(key: KeyPair, hostKey = config.hostKey.publicKey) {
  const downs: ConvocateError[] = [];
  let channel: ClientChannel | null = null;
  const dialer = keepDialed({
    host: "127.0.0.1",
    port: daemon.port,
    username: "convocate",
    privateKey: key.privateKey,
    hostKey,
    subsystem: subsystems.status,
    log: silentLog,
    clock: realClock,
    onOpen: (opened) => {
      channel = opened;
      opened.resume();
    },
    onDown: (reason) => downs.push(reason),
  });
  ends.push(() => dialer.close());
  await eventually(() => channel !== null || downs.length > 0);
  const send = (event: object) =>
    channel?.write(encodeLine({ timestamp: new Date().toISOString(), ...event }));
  return { dialer, downs, send, write: (text: string) => channel?.write(text) };
}

const session = (name: string) => ({
  uuid: randomUUID(),
  name,
  created_at: "2026-01-01T00:00:00Z",
  last_accessed: "2026-01-01T00:00:00Z",
});

test("an agent's sessions reach a reader: snapshot, change, end of the link", async () => {
  const reader = read();
  await eventually(() => reader.agents.get("a")?.health === "down");
  const agent = await call(keyOfA);
  await eventually(() => reader.agents.get("a")?.health === "up");
  const one = session("one");
  agent.send({ type: "agent.started", agent_id: "a", data: { version: "0.1.0", image_tag: "v1" } });
  agent.send({ type: "agent.snapshot", agent_id: "a", data: { part: 0, last: true, sessions: [one] } });
  await eventually(() => reader.sessions.has(one.uuid) && reader.agents.get("a")?.version === "0.1.0");
  agent.send({
    type: "container.started",
    agent_id: "a",
    session_id: one.uuid,
    data: { ...one, running: true },
  });
  await eventually(() => reader.sessions.get(one.uuid)?.running === true);

  const late = read();
  await eventually(() => late.messages.length > 0);
  expect(late.messages[0]).toEqual({
    type: "snapshot",
    agents: [{ ...reader.agents.get("a"), heartbeat_at: expect.stringMatching(/^20/) as string }],
    sessions: [{ ...one, running: true, agent_id: "a" }],
  });

  agent.dialer.close();
  await eventually(() => reader.agents.get("a")?.health === "down");
  expect(reader.agents.get("a")?.reason).toMatch(/^connection lost: /);
  expect(reader.sessions.has(one.uuid)).toBe(true);
});

test("a session's DNS name is written for dnsmasq within a second, and goes with the session", async () => {
  const agent = await call(keyOfA);
  const names = () => readFileSync(join(directory, "hosts.d", "sessions"), "utf8");
  const data = { ...session("one"), dns_name: "web" };
  agent.send({ type: "container.created", agent_id: "a", session_id: data.uuid, data });
  await eventually(() => existsSync(join(directory, "hosts.d", "sessions")), 1_000);
  expect(names()).toBe(`192.0.2.1 web.fleet.example # a ${data.uuid}\n`);
  agent.send({ type: "container.deleted", agent_id: "a", session_id: data.uuid });
  await eventually(() => names() === "", 1_000);
});

test("a DNS name that two sessions claim: readers hear who has it, late ones too, and when that is over", async () => {
  const reader = read();
  const agent = await call(keyOfA);
  const [first, second] = [session("first"), session("second")];
  for (const one of [first, second]) {
    const data = { ...one, dns_name: "web" };
    agent.send({ type: "container.created", agent_id: "a", session_id: one.uuid, data });
  }
  const heard = () => reader.messages.flatMap((told) => (told.type === "contested" ? [told.names] : []));
  await eventually(() => heard().length === 1);
  const held = heard()[0]?.[0];
  expect(heard()).toEqual([[{ name: "web", agent_id: "a", session_id: held?.session_id }]]);
  expect([first.uuid, second.uuid]).toContain(held?.session_id);
  const late = read();
  await eventually(() => late.messages.length > 0);
  expect(late.messages[0]).toMatchObject({ type: "snapshot", contested: [held] });
  agent.send({ type: "container.deleted", agent_id: "a", session_id: second.uuid });
  await eventually(() => heard().at(-1)?.length === 0);
});

test("an agent added by provisioning appears in an open reader, and goes when it is removed", async () => {
  const reader = read();
  await eventually(() => reader.agents.size === 1);
  config.register("b", "agent-b", "192.0.2.2");
  await eventually(
    () => reader.agents.get("b")?.address === "192.0.2.2" && reader.agents.get("b")?.host === "agent-b",
  );
  config.deregister("b");
  await eventually(() => !reader.agents.has("b"));
  expect(reader.agents.has("a")).toBe(true);
});

test("an agent speaks only for itself, and a malformed line costs nothing but itself", async () => {
  const reader = read();
  const agent = await call(keyOfA);
  await eventually(() => reader.agents.get("a")?.health === "up");
  const foreign = session("foreign");
  const own = session("own");
  agent.send({ type: "container.created", agent_id: "b", session_id: foreign.uuid, data: foreign });
  agent.write("{ this is no JSON\n");
  agent.write('"neither is this an event"\n');
  agent.send({ type: "container.created", agent_id: "a", session_id: own.uuid, data: { name: "no uuid" } });
  agent.send({ type: "weather", agent_id: "a", data: { sun: true } });
  agent.send({
    type: "container.created",
    agent_id: "a",
    session_id: own.uuid,
    data: { ...own, colour: "red" },
  });
  await eventually(() => reader.sessions.has(own.uuid));
  expect(reader.sessions.get(own.uuid)).toMatchObject({ agent_id: "a", colour: "red" });
  expect(reader.sessions.has(foreign.uuid)).toBe(false);
  const passedOn = reader.messages.flatMap((message) => (message.type === "event" ? [message.event] : []));
  expect(passedOn).toMatchObject([{ type: "weather", agent_id: "a", data: { sun: true } }]);
  expect(log.text).toContain("an agent speaks only for itself");
  expect(log.text).toContain("not JSON");
  expect(log.lines.filter((line) => line.message === "event skipped")).toHaveLength(4);
});

test("a key we never admitted is refused by name on both sides, and the fleet does not notice", async () => {
  const reader = read();
  const good = await call(keyOfA);
  await eventually(() => reader.agents.get("a")?.health === "up");
  const bad = await call(createKeyPair("agent=a"));
  expect(bad.downs[0]?.code).toBe("auth_refused");
  await eventually(() => log.text.includes("not in the authorized keys"));
  expect(reader.agents.get("a")?.health).toBe("up");
  expect(good.downs).toEqual([]);
});

test("removing an agent's line ends its live connection", async () => {
  const reader = read();
  await call(keyOfA);
  await eventually(() => reader.agents.get("a")?.health === "up");
  config.revokeAll();
  await eventually(() => reader.agents.get("a")?.health === "down");
  expect(reader.agents.get("a")?.reason).toContain("its key was removed");
});

test("an agent's last words arrive, though it hangs up at once", async () => {
  const reader = read();
  const agent = await call(keyOfA);
  await eventually(() => reader.agents.get("a")?.health === "up");
  agent.send({ type: "agent.shutdown", agent_id: "a", data: { reason: "SIGTERM" } });
  agent.dialer.close();
  await eventually(() => reader.agents.get("a")?.health === "down");
  expect(reader.agents.get("a")?.reason).toBe("shut down: SIGTERM");
});

test("a key that provisioning adds is admitted without a restart", async () => {
  const reader = read();
  const key = createKeyPair("agent=a");
  config.revokeAll();
  config.authorize(key.publicKey);
  await call(key);
  await eventually(() => reader.agents.get("a")?.health === "up");
});

test("when an agent calls again, its older connection is over: a link that died without a word holds nothing up", async () => {
  const reader = read();
  const older = await call(keyOfA);
  await eventually(() => reader.agents.get("a")?.health === "up");
  const newer = await call(keyOfA);
  await eventually(() => older.downs.length > 0);
  older.dialer.close();
  const one = session("one");
  newer.send({ type: "session.state", agent_id: "a", session_id: one.uuid, data: one });
  await eventually(() => reader.sessions.has(one.uuid));
  expect(reader.agents.get("a")?.health).toBe("up");
});

test("an operator's key does not open the agents' door", async () => {
  const operator = createKeyPair("operator=eve");
  config.authorize(operator.publicKey);
  await eventually(() => log.text.includes("authorized keys changed"));
  const refused = await call(operator);
  expect(refused.downs[0]?.code).toBe("auth_refused");
  await eventually(() => log.text.includes("operator=eve is not admitted here"));
});

test("the socket is the group's; it is not taken from a daemon that lives", async () => {
  expect(statSync(socket).mode & 0o777).toBe(0o660);
  await expect(start()).rejects.toThrow(`another status daemon serves ${socket}`);
  const reader = read();
  await eventually(() => reader.agents.has("a"));
});

test("the socket that a killed daemon left is replaced", async () => {
  await daemon.close();
  const die =
    "require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))";
  spawnSync(process.execPath, ["-e", die, socket]);
  expect(statSync(socket).isSocket()).toBe(true);
  daemon = await start();
  const reader = read();
  await eventually(() => reader.agents.has("a"));
});
