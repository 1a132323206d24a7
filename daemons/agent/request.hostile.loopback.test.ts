/** Clients that take their time: over a request, and over reading what they asked for. */
import type { ClientChannel } from "ssh2";
import { FakeEngine } from "../docker/engine.fake.ts";
import { FakeClock } from "../host/clock.fake.ts";
import { eventually } from "../host/eventually.fake.ts";
import { PlainClient } from "./client.fake.ts";
import { ScratchAgent } from "./scratch-agent.ts";

const clock = new FakeClock();
const agent = new ScratchAgent({ engine: new FakeEngine(), image: "convocate:1", clock });
let client: PlainClient;
let channel: ClientChannel;
let text: string;
let closed: boolean;

beforeAll(async () => {
  await agent.open();
});
afterAll(() => agent.close());
beforeEach(async () => {
  client = await PlainClient.connect(agent);
  channel = await client.open("convocate-agent-rpc");
  text = "";
  closed = false;
  channel.on("data", (chunk: Buffer) => (text += chunk.toString()));
  channel.on("close", () => (closed = true));
});
afterEach(() => client.close());

const answers = () =>
  text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { id?: unknown; ok: boolean; error?: string });

/** Sends bytes of a request, and waits until the agent has them: what is asked on another channel comes behind. */
async function send(bytes: string): Promise<void> {
  channel.write(bytes);
  await client.call("ping");
}

test("a request that trickles has a minute in all, and is answered with why it was ended; so is a header", async () => {
  await send('{"op":');
  for (let second = 0; second < 59; second++) {
    await send(" ");
    clock.advance(1_000);
  }
  expect(closed).toBe(false);
  clock.advance(1_000);
  await eventually(() => closed);
  expect(answers()).toEqual([
    { ok: false, error: "malformed request: not finished within 60 s", code: "malformed_request" },
  ]);
});

test("a request that came in time, and a channel on which nothing is asked, have no deadline", async () => {
  await send('{"op":"ping",');
  clock.advance(59_000);
  await send('"id":1}');
  await eventually(() => answers().length === 1);
  clock.advance(3_600_000);
  await send('{"op":"ping","id":2}');
  await eventually(() => answers().length === 2);
  expect(answers().map(({ ok }) => ok)).toEqual([true, true]);
  expect(closed).toBe(false);
});

test("a terminal's header that trickles has 20 s", async () => {
  const attach = await client.open("convocate-agent-attach");
  let said = "";
  attach.on("data", (chunk: Buffer) => (said += chunk.toString()));
  for (let second = 0; second < 20; second++) {
    attach.write(" ");
    await client.call("ping");
    clock.advance(1_000);
  }
  await eventually(() => said.endsWith("\n"));
  expect(JSON.parse(said)).toMatchObject({ ok: false, error: "bad attach header: none came" });
});

test("64 channels ask for 800 MB and none is read: little of it is made, others are served, and all comes when it is read", async () => {
  const labels = Object.fromEntries(
    Array.from({ length: 150 }, (_, n) => [`label-${String(n)}`, "x".repeat(256)]),
  );
  const { uuid: id } = await client.result("create", { name: "big", labels });
  const before = process.memoryUsage().rss;
  const lazy = await PlainClient.connect(agent);
  const channels = await Promise.all(Array.from({ length: 64 }, () => lazy.open("convocate-agent-rpc")));
  for (const one of channels)
    for (let n = 0; n < 300; n++) one.write(JSON.stringify({ op: "get", params: { id }, id: n }));
  for (let n = 0; n < 20; n++) expect((await client.call("ping")).ok).toBe(true);
  expect(process.memoryUsage().rss - before).toBeLessThan(500 * 2 ** 20);
  const [first] = channels;
  if (!first) throw new Error("no channel");
  let lines = 0;
  first.on("data", (chunk: Buffer) => (lines += chunk.filter((byte) => byte === 0x0a).length));
  await eventually(() => lines === 300, 20_000);
  lazy.close();
}, 60_000);
