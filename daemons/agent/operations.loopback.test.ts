/** Every operation by a client that knows only the documented bytes: a channel per call. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeEngine } from "../docker/engine.fake.ts";
import { eventually } from "../host/eventually.fake.ts";
import { PlainClient } from "./client.fake.ts";
import { ScratchAgent } from "./scratch-agent.ts";

const engine = new FakeEngine();
engine.images.add("convocate:1");
const agent = new ScratchAgent({ engine, image: "convocate:1" });
let client: PlainClient;

beforeAll(async () => {
  await agent.open();
  client = await PlainClient.connect(agent);
});
afterAll(async () => {
  client.close();
  await agent.close();
});

const create = (more: object = {}) =>
  client.result("create", { name: "s", port: 0, protocol: "", dns_name: "", ...more });
const get = (id: unknown) => client.result("get", { id });
const lockFile = (id: unknown) => join(agent.homes, `${String(id)}.lock`);
const failure = async (op: string, params: unknown) => {
  const { ok, error, code } = await client.call(op, params);
  expect({ ok, code: typeof code }).toEqual({ ok: false, code: "string" });
  return error;
};

describe("one channel, one response", () => {
  test.each([
    ["ended by a newline", '{"op":"ping","params":null}\n', false],
    ["ended by its own brace", '{"op":"ping"}', false],
    ["ended by EOF", '{"op":"ping","params":{}}', true],
    ["with a second one behind it, which is not heard", '{"op":"ping"}\n{"op":"ping"}\n', false],
  ])("a request %s: response, exit status, EOF, close", async (_, text, eof) => {
    const channel = await client.open("convocate-agent-rpc");
    const heard: string[] = [];
    channel.on("data", (chunk: Buffer) => heard.push(chunk.toString()));
    for (const event of ["end", "close"]) channel.on(event, () => heard.push(event));
    channel.on("exit", (code) => heard.push(`exit ${String(code)}`));
    channel.write(text);
    if (eof) channel.end();
    await eventually(() => heard.at(-1) === "close");
    expect(JSON.parse(heard[0] ?? "")).toEqual({
      ok: true,
      result: {
        agent_id: "scratch",
        version: expect.any(String) as string,
        server_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/) as string,
      },
    });
    expect(heard.slice(1)).toEqual(["exit 0", "end", "close"]);
  });
});

test("create makes a home and metadata, and no container; defaults are omitted", async () => {
  const session = await create({ name: "first" });
  const { uuid: id, created_at } = session;
  expect(session).toEqual({
    uuid: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    name: "first",
    protocol: "tcp",
    created_at,
    last_accessed: created_at,
    agent_id: "scratch",
    state: "stopped",
    state_since: created_at,
  });
  expect((statSync(join(agent.homes, String(id))).mode & 0o777).toString(8)).toBe("700");
  expect(existsSync(join(agent.stateDir, "sessions", `${String(id)}.json`))).toBe(true);
  expect(engine.containers.size).toBe(0);
  expect(await get(id)).toEqual(session);
});

test("null params are zero values, void results are {}", async () => {
  const { uuid: id } = await client.result("create", {
    name: "nulls",
    port: null,
    protocol: null,
    dns_name: null,
  });
  expect(await client.result("kill", { id })).toEqual({});
  expect(await client.result("background", { id })).toEqual({});
  expect(await client.result("delete", { id })).toEqual({});
});

test("edit replaces all four: what is absent is cleared", async () => {
  const { uuid: id } = await create({ name: "e", port: -1, protocol: "udp", dns_name: "Edit.Me" });
  expect(await get(id)).toMatchObject({ port: 1001, protocol: "udp", dns_name: "edit.me" });
  await client.result("edit", { id, name: "e2", port: 70, protocol: "udp", dns_name: "other" });
  expect(await get(id)).toMatchObject({ name: "e2", port: 70, protocol: "udp", dns_name: "other" });
  expect(await client.result("edit", { id, name: "e3" })).toEqual({});
  const cleared = await get(id);
  expect(cleared).toMatchObject({ name: "e3", protocol: "tcp" });
  expect(cleared).not.toHaveProperty("port");
  expect(cleared).not.toHaveProperty("dns_name");
  const onDisk = readFileSync(join(agent.stateDir, "sessions", `${String(id)}.json`), "utf8");
  expect(JSON.parse(onDisk)).toMatchObject({ name: "e3" });
  expect(onDisk).not.toContain("1001");
});

test("restart starts with what was asked for and comes first in the list; kill stops, the home stays", async () => {
  const { uuid: id, last_accessed } = await create({ name: "life", command: "htop", port: 8080 });
  await create({ name: "younger" });
  expect(await client.result("restart", { id })).toEqual({});
  expect(engine.containers.get(String(id))?.spec).toMatchObject({
    command: ["bash", "-lc", "htop"],
    ports: [{ port: 8080, protocol: "tcp" }],
    image: "convocate:1",
  });
  const running = await get(id);
  expect(running).toMatchObject({ running: true, state: "running", image: "convocate:1" });
  expect(String(running["last_accessed"]) > String(last_accessed)).toBe(true);
  expect((await client.list())[0]?.["uuid"]).toBe(id);
  await client.result("kill", { id });
  expect(await get(id)).toMatchObject({ state: "stopped", exit_cause: "killed" });
  expect(existsSync(join(agent.homes, String(id)))).toBe(true);
});

test("delete stops the container and leaves nothing", async () => {
  const { uuid: id } = await create({ name: "gone", port: 9090 });
  await client.result("restart", { id });
  await client.result("delete", { id });
  expect(engine.containers.has(String(id))).toBe(false);
  const left = [...readdirSync(agent.homes), ...readdirSync(join(agent.stateDir, "sessions"))];
  expect(left.filter((name) => name.includes(String(id)))).toEqual([]);
  expect(await create({ name: "next", port: 9090 })).toMatchObject({ port: 9090 });
});

test("a stale lock: refused until override, which removes it and nothing else", async () => {
  const { uuid: id } = await create({ name: "locked" });
  writeFileSync(lockFile(id), "999999999 5\n");
  expect(await failure("restart", { id })).toBe(`session "${String(id)}" is currently locked (in use)`);
  expect(await client.result("override", { id })).toEqual({});
  expect(existsSync(lockFile(id))).toBe(false);
  await client.result("restart", { id });
});

test("a daemon that starts where one died lifts its locks, leaves v2's to the operator, and has all else", async () => {
  const { uuid: id } = await create({ name: "crashed" });
  const { uuid: ours } = await create({ name: "crashed too" });
  const { uuid: broken } = await create({ name: "crashed while locking" });
  const before = await client.list();
  writeFileSync(lockFile(id), "999999999\n");
  writeFileSync(lockFile(ours), "999999999 5\n");
  writeFileSync(lockFile(broken), "");
  client.close();
  await agent.stop();
  await agent.start();
  client = await PlainClient.connect(agent);
  expect(await get(id)).toMatchObject({ state: "locked" });
  for (const healed of [ours, broken]) {
    expect(await get(healed)).toMatchObject({ state: "stopped" });
    expect(existsSync(lockFile(healed))).toBe(false);
  }
  const names = (list: Record<string, unknown>[]) => list.map(({ name }) => name).sort();
  expect(names(await client.list())).toEqual(names(before));
  await client.result("override", { id });
  expect(await get(id)).toMatchObject({ state: "stopped" });
});

test("capabilities names what is served, and nothing else is", async () => {
  const { ops, protocol } = await client.result("capabilities");
  expect(protocol).toBe(1);
  for (const op of ops as string[]) expect((await client.call(op, { x: 1 })).code).toBe("bad_params");
  for (const op of ["detach", "Create", "__proto__", "toString", "constructor", ""])
    expect(await failure(op, null)).toBe(`unknown op: ${JSON.stringify(op)}`);
});

test("two creates at once never get the same port, nor the same name", async () => {
  const made = await Promise.all(Array.from({ length: 12 }, () => create({ port: -1, protocol: "udp" })));
  expect(new Set(made.map(({ port }) => port)).size).toBe(12);
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => client.call("create", { name: "d", dns_name: "only.one" })),
  );
  expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
});

test("two edits at once never get the same port", async () => {
  const ids = await Promise.all(Array.from({ length: 5 }, async () => (await create())["uuid"]));
  const answers = await Promise.all(ids.map((id) => client.call("edit", { id, name: "p", port: 7777 })));
  expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
  expect(answers.filter(({ code }) => code === "port_taken")).toHaveLength(4);
});

test("a container that ends before its start is answered is not running for ever", async () => {
  const { uuid: id } = await create({ name: "short" });
  const start = jest.spyOn(engine, "start").mockImplementationOnce(async (spec) => {
    const container = await FakeEngine.prototype.start.call(engine, spec);
    engine.die(String(id), 127);
    return container;
  });
  await client.result("restart", { id });
  start.mockRestore();
  expect(await get(id)).toMatchObject({ state: "stopped", exit_cause: "exit 127" });
});

test("somebody with docker kills it: stopped, with the cause", async () => {
  const { uuid: id } = await create({ name: "killed" });
  await client.result("restart", { id });
  engine.die(String(id), 137, true);
  expect(await get(id)).toMatchObject({ state: "stopped", exit_cause: "oom" });
});

test("an image that is not there is named, with the remedy; no path of this host is told", async () => {
  const { uuid: id } = await create({ name: "no image" });
  engine.images.clear();
  expect(await failure("restart", { id })).toBe(
    "the current image convocate:1 is not on this agent: run `pulumi up` to deliver it",
  );
  engine.images.add("convocate:1");
  const start = jest
    .spyOn(engine, "start")
    .mockRejectedValueOnce(
      Object.assign(new Error("(HTTP code 500) mounting /srv/secret"), { statusCode: 500 }),
    )
    .mockRejectedValueOnce(new Error("open /srv/secret: denied"));
  expect(await failure("restart", { id })).toBe("the Docker Engine refused: mounting …");
  expect(await failure("restart", { id })).toBe("internal error: see the agent's journal");
  start.mockRestore();
  expect(existsSync(lockFile(id))).toBe(false);
});

describe("logs", () => {
  test("of a running session its terminal's text, of a stopped one what it left, as harmless text", async () => {
    const { uuid } = await create({ name: "logged" });
    const id = String(uuid);
    expect(await client.result("logs", { id })).toEqual({ lines: [], running: false });
    await client.result("restart", { id });
    engine.answer = { exitCode: 0, output: "one\r\n\x1b[31mtwo\x1b[0m\x9b2J\r\n\r\n" };
    expect(await client.result("logs", { id, lines: 7 })).toEqual({ lines: ["one", "two"], running: true });
    expect(engine.executed.at(-1)).toEqual(["tmux", "capture-pane", "-p", "-S", "-7", "-t", "convocate"]);
    // Nothing answers as tmux does: it is beginning, or the program there is another.
    engine.answer = { exitCode: 1, output: "no server running" };
    engine.print.set(id, "session started: bash\n");
    expect(await client.result("logs", { id, lines: null })).toEqual({
      lines: ["session started: bash"],
      running: true,
    });
    engine.answer = { exitCode: 0, output: "" };
    engine.die(id, 127);
    engine.print.set(id, "bash: nope: command not found\nsession ended with status 127\n");
    expect(await client.result("logs", { id })).toEqual({
      lines: ["bash: nope: command not found", "session ended with status 127"],
      running: false,
    });
    await client.result("delete", { id });
    expect(await failure("logs", { id })).toBe(await failure("get", { id }));
  });

  test.each([0, -1, 2001, 1.5, "10", {}])("lines %j: refused, by name", async (lines) => {
    const { uuid: id } = await create({ name: "bounded" });
    expect(await client.call("logs", { id, lines })).toMatchObject({
      ok: false,
      code: "bad_params",
      error: expect.stringContaining("lines") as unknown,
    });
    await client.result("delete", { id });
  });

  test("an engine that is gone is said to be", async () => {
    const { uuid: id } = await create({ name: "unheard" });
    jest
      .spyOn(engine, "printed")
      .mockRejectedValueOnce(Object.assign(new Error("connect"), { code: "ECONNREFUSED" }));
    expect(await client.call("logs", { id })).toMatchObject({
      ok: false,
      code: "engine",
      error: expect.stringContaining("does not answer") as unknown,
    });
    await client.result("delete", { id });
  });
});
