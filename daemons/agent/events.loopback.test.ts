/** What a shell host hears, over a real connection that can break. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServerChannel } from "ssh2";
import type { StatusEvent } from "../../protocol/status.ts";
import { FakeEngine } from "../docker/engine.fake.ts";
import { eventually } from "../host/eventually.fake.ts";
import { MemoryLog } from "../host/log.fake.ts";
import { watchAuthorizedKeys } from "../ssh/authorized-keys.ts";
import { createKeyPair } from "../ssh/keypair.fake.ts";
import { listen, type Listener } from "../ssh/listener.ts";
import { PlainClient } from "./client.fake.ts";
import { ScratchAgent } from "./scratch-agent.ts";

/** A shell host's status listener that only remembers. */
class Shell {
  readonly hostKey = createKeyPair("shell");
  readonly folder = mkdtempSync(join(tmpdir(), "convocate-shell-"));
  readonly #keys: string = join(this.folder, "authorized_keys");
  readonly #log = new MemoryLog();
  heard: StatusEvent[] = [];
  channels: ServerChannel[] = [];
  port = 0;
  #listener: Listener | null = null;
  #watch: ReturnType<typeof watchAuthorizedKeys> | null = null;

  async open(port = 0): Promise<void> {
    this.#watch = watchAuthorizedKeys(this.#keys, this.#log);
    this.#listener = await listen({
      host: "127.0.0.1",
      port,
      hostKey: this.hostKey.privateKey,
      authorizedKeys: this.#watch,
      admits: ({ kind }) => kind === "agent",
      subsystems: { "convocate-status": { pty: false, open: ({ channel }) => this.#hear(channel) } },
      log: this.#log,
    });
    this.port = this.#listener.port;
  }
  admit(publicKey: string): void {
    writeFileSync(this.#keys, `${publicKey}\n`);
  }
  async close(): Promise<void> {
    await this.#listener?.close();
    this.#watch?.close();
  }
  #hear(channel: ServerChannel): void {
    this.channels.push(channel);
    let rest = "";
    channel.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop() ?? "";
      this.heard.push(...lines.map((line) => JSON.parse(line) as StatusEvent));
    });
  }
}

const shell = new Shell();
const engine = new FakeEngine();
engine.images.add("convocate:1");
let agent: ScratchAgent;
let client: PlainClient;
/** What was heard, but for the capacity: it is told beside the others. */
const types = () => shell.heard.map(({ type }) => type).filter((type) => type !== "agent.capacity");
const heard = (type: string) => eventually(() => shell.heard.find((event) => event.type === type));

beforeAll(async () => {
  await shell.open();
  const { port, hostKey } = shell;
  agent = new ScratchAgent({
    engine,
    image: "convocate:1",
    shell: { host: "127.0.0.1", port, hostKey: hostKey.publicKey },
  });
  shell.admit(agent.toShell.publicKey);
  await shell.close();
  await shell.open(port);
  await agent.open();
  client = await PlainClient.connect(agent);
});
afterAll(async () => {
  client.close();
  await agent.close();
  await shell.close();
  rmSync(shell.folder, { recursive: true });
});
beforeEach(() => {
  shell.heard = shell.heard.filter(({ type }) => type === "agent.started" || type === "agent.snapshot");
});

test("the agent introduces itself, then tells all it has", async () => {
  await heard("agent.snapshot");
  await heard("agent.capacity");
  expect(shell.heard.map(({ type, agent_id, data }) => ({ type, agent_id, data }))).toEqual([
    {
      type: "agent.started",
      agent_id: "scratch",
      data: { version: expect.any(String) as string, image_tag: "convocate:1" },
    },
    { type: "agent.snapshot", agent_id: "scratch", data: { part: 0, last: true, sessions: [] } },
    {
      type: "agent.capacity",
      agent_id: "scratch",
      data: expect.objectContaining({ cpus: 8, memory_promised_bytes: 0, sessions_running: 0 }) as object,
    },
  ]);
});

test("a session's whole life is told in order, each thing once", async () => {
  shell.heard = [];
  const { uuid: id } = await client.result("create", { name: "a" });
  await client.result("edit", { id, name: "b" });
  const terminal = await client.attach({ id });
  await eventually(() => types().includes("session.state"));
  terminal.channel.close();
  await eventually(() => types().filter((type) => type === "session.state").length >= 2);
  engine.die(String(id), 1);
  await eventually(() => types().includes("container.stopped"));
  await client.result("restart", { id });
  await client.result("kill", { id });
  await client.result("delete", { id });
  await heard("container.deleted");
  expect(types()).toEqual([
    "container.created",
    "container.edited",
    "container.started",
    "session.state",
    "session.state",
    "container.stopped",
    "container.started",
    "container.stopped",
    "container.deleted",
  ]);
  const told = shell.heard.filter(({ type }) => type !== "agent.capacity");
  expect(told.every((event) => event.session_id === id && event.agent_id === "scratch")).toBe(true);
  expect(told[1]?.data).toMatchObject({ name: "b", state: "stopped" });
  expect(told[3]?.data).toMatchObject({ state: "connected", attached: true });
  expect(told[5]?.data).toEqual({ cause: "exit 1" });
  expect(told[7]?.data).toEqual({ cause: "killed" });
});

test("400 creates at once are told in order, none is missing", async () => {
  const channel = await client.open("convocate-agent-rpc");
  channel.resume();
  for (let id = 0; id < 400; id++)
    channel.write(JSON.stringify({ op: "create", params: { name: `n${String(id)}` }, id }));
  await eventually(() => types().filter((type) => type === "container.created").length >= 400, 15_000);
  channel.close();
  const told = shell.heard.flatMap(({ type, session_id }) =>
    type === "container.created" ? session_id : [],
  );
  const listed = (await client.list()).map((session) => session["uuid"]);
  expect(told.sort()).toEqual(listed.sort());
  const times = shell.heard.map(({ timestamp }) => timestamp);
  expect(times).toEqual([...times].sort());
}, 30_000);

test("after a break: what happened meanwhile, then a snapshot that agrees with the agent, in parts", async () => {
  const { uuid: id } = await client.result("create", { name: "during" });
  await heard("container.created");
  shell.heard = [];
  const { port } = shell;
  await shell.close();
  await client.result("restart", { id });
  engine.die(String(id), 9);
  await shell.open(port);
  await eventually(
    () => shell.heard.some(({ type, data }) => type === "agent.snapshot" && (data as { last: boolean }).last),
    10_000,
  );
  expect(types()).toEqual([
    "agent.started",
    "container.started",
    "container.stopped",
    ...Array.from({ length: 3 }, () => "agent.snapshot"),
  ]);
  const parts = shell.heard.flatMap(({ type, data }) =>
    type === "agent.snapshot" ? [data as { part: number; sessions: unknown[] }] : [],
  );
  expect(parts.map(({ part }) => part)).toEqual([0, 1, 2]);
  expect(parts.flatMap(({ sessions }) => sessions)).toEqual(await client.list());
});

test("an agent that ends says why", async () => {
  client.close();
  await agent.stop();
  expect(await heard("agent.shutdown")).toMatchObject({ data: { reason: "test" } });
});
