/** Our extension: requests with an `id` on a channel that stays open. */
import type { ClientChannel } from "ssh2";
import { FakeEngine } from "../docker/engine.fake.ts";
import { eventually } from "../host/eventually.fake.ts";
import { PlainClient } from "./client.fake.ts";
import { ScratchAgent } from "./scratch-agent.ts";

const agent = new ScratchAgent({ engine: new FakeEngine(), image: "convocate:1" });
let client: PlainClient;
let channel: ClientChannel;
let text: string;
let closed: boolean;

beforeAll(async () => {
  await agent.open();
  client = await PlainClient.connect(agent);
});
afterAll(async () => {
  client.close();
  await agent.close();
});
beforeEach(async () => {
  channel = await client.open("convocate-agent-rpc");
  text = "";
  closed = false;
  channel.on("data", (chunk: Buffer) => (text += chunk.toString()));
  channel.on("close", () => (closed = true));
});
afterEach(() => channel.close());

const responses = () =>
  text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { ok: boolean; id?: unknown; code?: string; result?: unknown });
const send = (...values: unknown[]) => channel.write(values.map((value) => JSON.stringify(value)).join(""));
const until = async (count: number) => {
  await eventually(() => responses().length >= count);
  return responses();
};

test("every response has its request's id, numbers and strings; the channel stays open", async () => {
  send({ op: "ping", id: 1 }, { op: "list", id: "b" }, { op: "nonsense", id: 0 }, { op: "get", id: -1.5 });
  expect((await until(4)).map(({ id, ok }) => [id, ok])).toEqual(
    expect.arrayContaining([
      [1, true],
      ["b", true],
      [0, false],
      [-1.5, false],
    ]),
  );
  expect(closed).toBe(false);
});

test("2,000 requests in one write are all answered, once each", async () => {
  send(...Array.from({ length: 2_000 }, (_, id) => ({ op: "ping", id })));
  const ids = (await until(2_000)).map(({ id }) => Number(id));
  expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: 2_000 }, (_, id) => id));
});

test("a bad line is answered, and the channel stays", async () => {
  send({ op: "ping", id: 1 });
  await until(1);
  channel.write('nonsense\n{"open\n{"op":5,"id":2}\n{"id":3}{"op":"ping","params":[],"id":4}');
  const bad = (await until(6)).slice(1);
  expect(bad.map(({ code }) => code)).toEqual(Array.from({ length: 5 }, () => "malformed_request"));
  // Whoever can be told which request it was, is.
  expect(bad.map(({ id }) => id)).toEqual([undefined, undefined, 2, 3, 4]);
  send({ op: "ping", id: 5 });
  expect((await until(7)).at(-1)).toMatchObject({ ok: true, id: 5 });
  expect(closed).toBe(false);
});

test("EOF ends it, after what is under way is answered", async () => {
  send({ op: "create", params: { name: "last" }, id: 1 }, { op: "ping", id: 2 });
  channel.end();
  await eventually(() => closed);
  expect(
    responses()
      .map(({ id, ok }) => `${String(id)} ${String(ok)}`)
      .sort(),
  ).toEqual(["1 true", "2 true"]);
});

test("a request without an id is the last one", async () => {
  send({ op: "ping", id: 1 }, { op: "ping" }, { op: "ping", id: 3 });
  await eventually(() => closed);
  expect(responses().map(({ id }) => id)).toEqual([1, undefined]);
});

test("a request over 1 MiB ends the channel with an error; those before it are answered", async () => {
  send({ op: "ping", id: 1 });
  channel.write("x".repeat((1 << 20) + 1));
  await eventually(() => closed);
  expect(responses().map(({ id, code }) => [id, code])).toEqual(
    expect.arrayContaining([
      [1, undefined],
      [undefined, "request_too_large"],
    ]),
  );
});

test("a client that leaves in the middle costs the others nothing", async () => {
  const other = await PlainClient.connect(agent);
  const leaving = await other.open("convocate-agent-rpc");
  for (let id = 0; id < 200; id++) leaving.write(JSON.stringify({ op: "create", params: { name: "x" }, id }));
  other.close();
  send({ op: "ping", id: 1 });
  expect((await until(1))[0]).toMatchObject({ ok: true, id: 1 });
  expect(agent.log.lines.filter(({ level }) => level === "error")).toEqual([]);
});
