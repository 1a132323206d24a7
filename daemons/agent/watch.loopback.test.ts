import { once } from "node:events";
import type { ClientChannel } from "ssh2";
import { FakeEngine } from "../docker/engine.fake.ts";
import { eventually } from "../host/eventually.fake.ts";
import { PlainClient } from "./client.fake.ts";
import { ScratchAgent } from "./scratch-agent.ts";

const engine = new FakeEngine();
engine.images.add("convocate:1");
const agent = new ScratchAgent({ engine, image: "convocate:1" });
let client: PlainClient;
let channel: ClientChannel;

beforeAll(async () => {
  await agent.open();
  client = await PlainClient.connect(agent);
  await client.result("create", { name: "before" });
});
afterAll(async () => {
  client.close();
  await agent.close();
});
beforeEach(async () => (channel = await client.open("convocate-agent-rpc")));

/** Lines of the channel, as they come. */
function lines(): Record<string, unknown>[] {
  const heard: Record<string, unknown>[] = [];
  let rest = "";
  channel.on("data", (chunk: Buffer) => {
    const all = (rest + chunk.toString()).split("\n");
    rest = all.pop() ?? "";
    heard.push(...all.map((line) => JSON.parse(line) as Record<string, unknown>));
  });
  return heard;
}

test.each([
  ["of v2's kind", {}],
  ["with an id", { id: 7 }],
])("a request %s: one line, a snapshot, then every change, until the client leaves", async (_, id) => {
  const heard = lines();
  channel.write(`${JSON.stringify({ op: "watch", ...id })}\n`);
  await eventually(() => heard.some(({ type }) => type === "agent.capacity"));
  expect(heard[0]).toEqual({ ok: true, ...id });
  expect(heard[1]).toMatchObject({ type: "agent.snapshot", agent_id: "scratch", data: { part: 0 } });
  const { uuid } = await client.result("create", { name: "meanwhile" });
  await client.result("restart", { id: uuid });
  engine.die(String(uuid), 3);
  await eventually(() => heard.some(({ type }) => type === "container.stopped"));
  const told = heard.filter(({ session_id }) => session_id === uuid).map(({ type, data }) => [type, data]);
  expect(told).toMatchObject([
    ["container.created", { name: "meanwhile" }],
    ["container.started", { running: true }],
    ["container.stopped", { cause: "exit 3" }],
  ]);
  channel.close();
  await once(channel, "close");
});

test("what a watcher sends is not heard any more, and whoever reads nothing is cut off", async () => {
  channel.write('{"op":"watch"}\n{"op":"create","params":{"name":"unheard"}}\n');
  channel.pause();
  let closed = false;
  channel.once("close", () => (closed = true));
  const params = { name: "x".repeat(64), command: "y".repeat(4096) };
  const other = await client.open("convocate-agent-rpc");
  other.resume();
  for (let id = 0; id < 2_000; id++) other.write(JSON.stringify({ op: "create", params, id }));
  other.end();
  await new Promise((resolve) => other.once("close", resolve));
  expect((await client.list()).filter(({ name }) => name === "unheard")).toEqual([]);
  channel.resume();
  await eventually(() => closed);
}, 60_000);
