import { FakeClock } from "../host/clock.fake.ts";
import { Registry, type Change } from "./registry.ts";
import { sample, uuid } from "./scratch-folder.fake.ts";

let clock: FakeClock;
let registry: Registry;
let changes: Change[];
const id = uuid(1);
const told = () => changes.map(({ type }) => type);
const container = { id: "c1", image: "convocate:1" };
const crash = { exitCode: 1, oom: false };

beforeEach(() => {
  clock = new FakeClock();
  registry = new Registry("a", clock);
  changes = [];
  registry.onChange((change) => changes.push(change));
  registry.load(sample(1), false);
});

test("what is loaded is no news; a session is omitted of what is zero", () => {
  expect(changes).toEqual([]);
  registry.load(sample(2, { port: 0, dns_name: "" }), false);
  expect(registry.get(uuid(2))).toEqual({
    ...sample(2),
    agent_id: "a",
    state: "stopped",
    state_since: sample(2).last_accessed,
  });
});

test("the most recently accessed comes first", () => {
  for (const n of [30, 2, 7]) registry.load(sample(n), false);
  expect(registry.list().map((session) => session.uuid)).toEqual([30, 7, 2, 1].map(uuid));
});

test("the list says what get says, after and during every change", () => {
  const agree = () =>
    expect(registry.list().map((session) => JSON.stringify(session))).toEqual(
      registry.list().map(({ uuid }) => JSON.stringify(registry.get(uuid))),
    );
  const steps: (() => unknown)[] = [
    () => registry.add(sample(2)),
    () => registry.edit(sample(2, { name: "new" })),
    () => registry.touch(sample(2, { name: "newer", last_accessed: "2027" })),
    () => registry.started(id, container),
    () => registry.attached(id, "c1", null),
    () => registry.detached(id, "c1", null),
    () => registry.stopped(id, "c1", crash),
    () => registry.load(sample(3), true),
    () => registry.unlock(uuid(3)),
    () =>
      registry.found(uuid(3), {
        ...container,
        session: "",
        running: false,
        oomKilled: true,
        exitCode: 1,
        since: "x",
      }),
    () => registry.remove(id),
  ];
  registry.onChange(agree);
  for (const step of steps) {
    agree();
    step();
    agree();
  }
  expect(registry.list().map((session) => session.uuid)).toEqual([uuid(2), uuid(3)]);
});

test("operators are told by name, each once, whoever comes and goes", () => {
  registry.started(id, container);
  const operators = () => registry.get(id)?.operators;
  registry.attached(id, "c1", null);
  expect(operators()).toBeUndefined();
  const before = changes.length;
  for (const who of ["bob", "alice", "bob"]) registry.attached(id, "c1", who);
  expect(operators()).toEqual(["alice", "bob"]);
  registry.detached(id, "c1", "bob");
  expect(operators()).toEqual(["alice", "bob"]);
  registry.detached(id, "c1", "bob");
  expect(operators()).toEqual(["alice"]);
  // Bob, Alice, and Bob's last: the second Bob and the end of one of them are no news.
  expect(changes.slice(before).map(({ type }) => type)).toEqual(Array(3).fill("session.state"));
  registry.stopped(id, "c1", { exitCode: 0, oom: false });
  expect(operators()).toBeUndefined();
});

test("a life: started, connected, running, stopped, with when and why", () => {
  clock.advance(1000);
  registry.started(id, container);
  expect(registry.get(id)).toMatchObject({
    running: true,
    image: "convocate:1",
    state: "running",
    state_since: "2026-01-01T00:00:01.000Z",
  });
  registry.attached(id, "c1", null);
  registry.attached(id, "c1", null);
  registry.detached(id, "c1", null);
  expect(registry.get(id)).toMatchObject({ attached: true, state: "connected" });
  registry.detached(id, "c1", null);
  expect(registry.get(id)).not.toHaveProperty("attached");
  registry.stopped(id, "c1", { exitCode: 3, oom: false });
  expect(registry.get(id)).toMatchObject({ state: "stopped", exit_cause: "exit 3" });
  expect(told()).toEqual(["container.started", "session.state", "session.state", "container.stopped"]);
  expect(changes.at(-1)).toEqual({
    type: "container.stopped",
    session_id: id,
    data: { cause: "exit 3" },
  });
});

test("what is heard twice is told once, and news of an earlier container is none", () => {
  registry.started(id, container);
  registry.started(id, container);
  registry.stopped(id, "c0", crash);
  expect(registry.container(id)).toBe("c1");
  registry.stopped(id, "c1", crash);
  registry.stopped(id, "c1", crash);
  expect(told()).toEqual(["container.started", "container.stopped"]);
});

test.each([
  ["killed", (r: Registry) => r.endingSoon(id, true), { exitCode: 143, oom: false }],
  ["oom", () => undefined, { exitCode: 137, oom: true }],
  ["exit 137", () => undefined, { exitCode: 137, oom: false }],
  ["exit unknown", () => undefined, { exitCode: null, oom: false }],
])("cause: %s", (cause, before, how) => {
  registry.started(id, container);
  before(registry);
  registry.stopped(id, "c1", how);
  expect(registry.cause(id)).toBe(cause);
  registry.started(id, { ...container, id: "c2" });
  expect(registry.get(id)).not.toHaveProperty("exit_cause");
});

test("a container that ended before its start was answered is not running for ever", () => {
  registry.stopped(id, "c1", crash);
  registry.started(id, container);
  expect(registry.get(id)).toMatchObject({ state: "stopped", exit_cause: "exit 1" });
  expect(told()).toEqual(["container.started", "container.stopped"]);
});

test("the same, when the list had shown it running in between: told once", () => {
  registry.started(id, container, "2026-01-01T00:00:00Z");
  registry.stopped(id, "c1", crash);
  registry.started(id, container);
  expect(registry.get(id)).toMatchObject({ state: "stopped", exit_cause: "exit 1" });
  expect(told()).toEqual(["container.started", "container.stopped"]);
});

test("somebody with docker starts the same container again: the engine's list is believed", () => {
  registry.started(id, container);
  registry.stopped(id, "c1", crash);
  registry.started(id, container, "2026-01-01T00:00:05Z");
  expect(registry.get(id)).toMatchObject({ state: "running", state_since: "2026-01-01T00:00:05Z" });
});

test("an operator of the container before does not lower the count of this one", () => {
  registry.started(id, container);
  registry.attached(id, "c1", null);
  registry.stopped(id, "c1", crash);
  registry.started(id, { ...container, id: "c2" });
  registry.attached(id, "c2", null);
  registry.detached(id, "c1", null);
  expect(registry.get(id)?.attached).toBe(true);
});

test("a stale lock shows until it is lifted, or the session runs", () => {
  registry.load(sample(2), true);
  expect(registry.get(uuid(2))?.state).toBe("locked");
  registry.started(uuid(2), container);
  expect(registry.get(uuid(2))?.state).toBe("running");
  registry.stopped(uuid(2), "c1", crash);
  registry.unlock(uuid(2));
  expect(registry.get(uuid(2))?.state).toBe("stopped");
});

test("reservations count as neighbours until they are made or given up, two of one session too", async () => {
  const reserved = { uuid: id, port: 5000 };
  let finish = () => {};
  const first = registry.reserving(reserved, () => new Promise<void>((resolve) => (finish = resolve)));
  await expect(
    registry.reserving({ uuid: id, port: 6000 }, () => Promise.reject(new Error("locked"))),
  ).rejects.toThrow("locked");
  expect(registry.neighbours()).toContainEqual(reserved);
  expect(registry.neighbours(id)).toEqual([]);
  finish();
  await first;
  expect(registry.neighbours()).toEqual([sample(1)]);
});

test("nothing is told of a session that nobody knows", () => {
  registry.started(uuid(9), container);
  registry.stopped(uuid(9), "c1", crash);
  registry.attached(uuid(9), "c1", null);
  registry.remove(uuid(9));
  registry.unlock(uuid(9));
  expect(changes).toEqual([]);
});
