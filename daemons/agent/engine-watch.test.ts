import { agentConfig } from "../../protocol/config.ts";
import { FakeEngine } from "../docker/engine.fake.ts";
import type { ContainerState, EngineEvent } from "../docker/engine.ts";
import { FakeClock } from "../host/clock.fake.ts";
import { eventually } from "../host/eventually.fake.ts";
import { MemoryLog } from "../host/log.fake.ts";
import { containerSpec } from "./container-spec.ts";
import { watchEngine } from "./engine-watch.ts";
import { Registry } from "./registry.ts";
import { sample, uuid } from "./scratch-folder.fake.ts";

const spec = (n: number) =>
  containerSpec({
    session: sample(n),
    agentId: "a",
    home: "/home/x",
    image: "convocate:1",
    config: agentConfig.parse({ command: "bash" }),
    limits: {},
    token: null,
    uid: 1337,
    gid: 1337,
    cgroupDriver: "systemd",
    sharedMounts: [],
  });

/** An engine whose lists can be held back, and whose events can be said by hand. */
class HeldEngine extends FakeEngine {
  hold: Promise<void> | null = null;
  failing = false;
  say: (event: Partial<EngineEvent>) => void = () => undefined;

  override async list(): Promise<ContainerState[]> {
    const states = await super.list();
    await this.hold;
    if (this.failing) throw new Error("no engine");
    return states;
  }
  override events(since: number, onEvent: (event: EngineEvent) => void, onEnd: () => void) {
    if (this.failing) return Promise.reject(new Error("no engine"));
    this.say = (event) =>
      onEvent({ action: "die", session: uuid(1), container: "", timeNano: 1e9, exitCode: 0, ...event });
    return super.events(since, onEvent, onEnd);
  }
}

let engine: HeldEngine;
let registry: Registry;
let clock: FakeClock;
let told: string[];
let backs: number;
let watching: { close(): void };
const log = new MemoryLog();
const state = (n: number) => registry.get(uuid(n))?.state;
const settled = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(async () => {
  engine = new HeldEngine();
  clock = new FakeClock();
  registry = new Registry("a", clock);
  told = [];
  backs = 0;
  for (const n of [1, 2]) registry.load(sample(n), false);
  await engine.start(spec(1));
  registry.onChange(({ type, session_id }) => told.push(`${type} ${session_id.slice(-1)}`));
  watching = await watchEngine({ engine, registry, clock, log, onBack: () => (backs += 1) });
});
afterEach(() => watching.close());

test("what runs at start is found, with the time of its start", () => {
  expect(state(1)).toBe("running");
  expect(registry.get(uuid(1))?.state_since).toBe(engine.containers.get(uuid(1))?.since);
  expect(told).toEqual(["container.started 1"]);
});

test("somebody with docker starts and kills: heard once each, with the cause", async () => {
  await engine.start(spec(2));
  await eventually(() => state(2) === "running");
  engine.die(uuid(2), 137, true);
  expect(registry.cause(uuid(2))).toBe("oom");
  await settled();
  expect(told).toEqual(["container.started 1", "container.started 2", "container.stopped 2"]);
});

test("a lost stream is opened again at once; what died and started meanwhile is healed by the list, once", async () => {
  engine.lose(() => {
    engine.die(uuid(1), 9);
    void engine.start(spec(2));
  });
  expect(told).toHaveLength(1);
  clock.advance(0);
  await eventually(() => state(2) === "running");
  expect(registry.get(uuid(1))).toMatchObject({ state: "stopped", exit_cause: "exit 9" });
  engine.die(uuid(2), 0);
  await settled();
  expect(told.sort()).toEqual(
    ["container.started 1", "container.stopped 1", "container.started 2", "container.stopped 2"].sort(),
  );
});

test("a container that was replaced while nobody looked: its end and the new one's start", async () => {
  engine.lose(() => {
    engine.die(uuid(1), 9);
    void engine.start(spec(1));
  });
  clock.advance(0);
  await eventually(() => told.length === 3);
  expect(told).toEqual(["container.started 1", "container.stopped 1", "container.started 1"]);
  expect(registry.container(uuid(1))).toBe(engine.containers.get(uuid(1))?.id);
});

test("an engine that does not answer is asked again with back-off, and nothing is asked after close", async () => {
  engine.failing = true;
  engine.lose();
  clock.advance(0);
  await settled();
  const before = log.lines.length;
  clock.advance(999);
  await settled();
  expect(log.lines).toHaveLength(before);
  engine.failing = false;
  engine.die(uuid(1), 1);
  clock.advance(1);
  await eventually(() => state(1) === "stopped");
  engine.lose();
  watching.close();
  const lists = engine.lists;
  clock.advance(100_000);
  await settled();
  expect(engine.lists).toBe(lists);
});

test("a list that fails after an event does not end the daemon: the stream is opened again", async () => {
  engine.failing = true;
  await engine.start(spec(2));
  await settled();
  engine.failing = false;
  clock.advance(1_000);
  await eventually(() => state(2) === "running");
  expect(log.text).toContain("the engine does not answer");
});

test("a list that was asked for before an end does not bring the dead back", async () => {
  let release = () => {};
  engine.hold = new Promise<void>((resolve) => (release = resolve));
  await engine.start(spec(2));
  await settled();
  engine.die(uuid(2), 1);
  release();
  await settled();
  await settled();
  expect(state(2)).toBe("stopped");
});

test("a list that was asked for before a start does not end what just started", async () => {
  await engine.remove(uuid(1));
  let release = () => {};
  engine.hold = new Promise<void>((resolve) => (release = resolve));
  await engine.start(spec(2));
  await settled();
  engine.hold = null;
  const id = await engine.start(spec(1));
  registry.started(uuid(1), { id, image: "convocate:1" });
  release();
  await eventually(() => state(2) === "running");
  await settled();
  expect(told.filter((line) => line.endsWith("1"))).toEqual([
    "container.started 1",
    "container.stopped 1",
    "container.started 1",
  ]);
});

test("events of two containers may come in any order; one that is repeated is not heard", async () => {
  await engine.start(spec(2));
  await eventually(() => state(2) === "running");
  const one = registry.container(uuid(1)) ?? "";
  const two = registry.container(uuid(2)) ?? "";
  engine.say({ container: one, timeNano: 5_000 });
  engine.say({ session: uuid(2), container: two, timeNano: 4_000 });
  expect([state(1), state(2)]).toEqual(["stopped", "stopped"]);
  const lists = engine.lists;
  engine.say({ action: "start", container: one, timeNano: 3_000 });
  await settled();
  expect(engine.lists).toBe(lists);
});

test("a burst of starts is not a burst of lists", async () => {
  const lists = engine.lists;
  for (let n = 0; n < 50; n++) engine.say({ action: "start", container: `c${String(n)}` });
  await settled();
  await settled();
  expect(engine.lists - lists).toBeLessThanOrEqual(2);
});
