import { PassThrough } from "node:stream";
import type { ClientChannel } from "ssh2";
import type { StatusEvent } from "../../protocol/status.ts";
import { FakeClock } from "../host/clock.fake.ts";
import { silentLog } from "../host/log.ts";
import { Publisher } from "./publisher.ts";
import { sample } from "./scratch-folder.fake.ts";

let clock: FakeClock;
let publisher: Publisher;
let capacity: Promise<object>;
let sessions: ReturnType<typeof sample>[];
beforeEach(() => {
  clock = new FakeClock();
  sessions = [];
  capacity = new Promise(() => undefined);
  publisher = new Publisher({
    agentId: "a",
    clock,
    introduce: () => Promise.resolve({ version: "1", image_tag: "convocate:1" }),
    snapshot: () => sessions,
    log: silentLog,
    capacity: () => capacity,
  });
});

/** The agent's end of a channel, with what was written to it. */
function channel() {
  const stream = new PassThrough();
  // The agent drains its end; here what it wrote is read back from the same stream.
  stream.resume = () => stream;
  const events = () =>
    String(stream.read() ?? "")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as StatusEvent);
  return { stream, events, open: () => publisher.open(stream as unknown as ClientChannel) };
}
const change = (n: number) =>
  publisher.publish({ type: "session.state", session_id: String(n), data: { n } });
const types = (events: StatusEvent[]) => events.map(({ type }) => type);

test("introduction, what waited in order, a snapshot; then events as they come", async () => {
  for (const n of [1, 2, 3]) change(n);
  sessions = [sample(1)];
  const { events, open } = channel();
  await open();
  change(4);
  const heard = events();
  expect(types(heard)).toEqual([
    "agent.started",
    ...Array.from({ length: 3 }, () => "session.state"),
    "agent.snapshot",
    "session.state",
  ]);
  expect(heard[0]).toEqual({
    type: "agent.started",
    agent_id: "a",
    timestamp: "2026-01-01T00:00:00.000Z",
    data: { version: "1", image_tag: "convocate:1" },
  });
  expect(heard.flatMap(({ session_id }) => session_id ?? [])).toEqual(["1", "2", "3", "4"]);
  expect(heard[4]?.data).toEqual({ part: 0, last: true, sessions: [sample(1)] });
});

test("256 wait; what came before them is dropped, and how many is told once", async () => {
  for (let n = 0; n < 300; n++) change(n);
  const first = channel();
  await first.open();
  const heard = first.events();
  expect(heard[1]).toMatchObject({ type: "agent.overflow", data: { dropped: 44 } });
  const waited = heard.filter(({ type }) => type === "session.state");
  expect(waited.map(({ session_id }) => Number(session_id))).toEqual(
    Array.from({ length: 256 }, (_, i) => 44 + i),
  );
  publisher.lost();
  const second = channel();
  await second.open();
  expect(types(second.events())).toEqual(["agent.started", "agent.snapshot"]);
});

test.each([
  [0, [0]],
  [200, [200]],
  [201, [200, 1]],
  [450, [200, 200, 50]],
])("a snapshot of %p sessions comes in parts of %j, the last one marked", async (count, sizes) => {
  sessions = Array.from({ length: count }, (_, n) => sample(n));
  const { events, open } = channel();
  await open();
  const parts = events()
    .slice(1)
    .map(({ data }) => data as { part: number; last: boolean; sessions: unknown[] });
  expect(parts.map((part) => part.sessions.length)).toEqual(sizes);
  expect(parts.map(({ part }) => part)).toEqual(sizes.map((_, n) => n));
  expect(parts.map(({ last }) => last)).toEqual(sizes.map((_, n) => n === sizes.length - 1));
  expect(parts.flatMap((part) => part.sessions)).toEqual(sessions);
});

test("a heartbeat every 30 s while connected, and none after", async () => {
  const { events, open } = channel();
  await open();
  events();
  clock.advance(29_999);
  expect(events()).toEqual([]);
  clock.advance(60_001);
  expect(types(events())).toEqual(Array.from({ length: 3 }, () => "agent.heartbeat"));
  publisher.lost();
  clock.advance(300_000);
  expect(events()).toEqual([]);
});

test("good-bye is said to who is there, and to nobody else", async () => {
  publisher.shutdown("early");
  const { events, open } = channel();
  await open();
  publisher.shutdown("SIGTERM");
  expect(events().at(-1)).toMatchObject({ type: "agent.shutdown", data: { reason: "SIGTERM" } });
  clock.advance(60_000);
  expect(events()).toEqual([]);
});

test("a channel that is gone before the introduction is ready costs no event", async () => {
  change(1);
  const gone = channel();
  const opening = gone.open();
  gone.stream.destroy();
  await opening;
  change(2);
  const next = channel();
  await next.open();
  expect(next.events().flatMap(({ session_id }) => session_id ?? [])).toEqual(["1", "2"]);
});

test("a shell host that reads nothing is hung up on, before it costs more than a few MiB", async () => {
  const { stream, open } = channel();
  await open();
  const big = "x".repeat(100_000);
  let written = 0;
  while (!stream.destroyed && written < 100) {
    publisher.publish({ type: "session.state", session_id: "1", data: big });
    written += 1;
  }
  expect(stream.destroyed).toBe(true);
  expect(written).toBeGreaterThan(35);
  expect(written).toBeLessThan(60);
});

test("the capacity is told with the snapshot, every heartbeat, and whenever a container starts or stops", async () => {
  capacity = Promise.resolve({ cpus: 8 });
  const { events, open } = channel();
  await open();
  const told = async () => {
    await capacity;
    return events().filter(({ type }) => type === "agent.capacity");
  };
  expect(await told()).toMatchObject([{ agent_id: "a", data: { cpus: 8 } }]);
  clock.advance(30_000);
  expect(await told()).toHaveLength(1);
  change(1);
  expect(await told()).toEqual([]);
  publisher.publish({ type: "container.started", session_id: "1" });
  publisher.publish({ type: "container.stopped", session_id: "1" });
  expect(await told()).toHaveLength(2);
});
