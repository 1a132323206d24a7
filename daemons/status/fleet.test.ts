import type { FleetMessage } from "../../protocol/fleet.ts";
import type { Registration } from "./agent.ts";
import { reduce, type Fleet, type FleetInput } from "./fleet.ts";

const start = Date.parse("2026-01-01T00:00:00Z");
const a: Registration = { agent_id: "a", host: "agent-a", address: "192.0.2.1" };
const b: Registration = { agent_id: "b", host: "agent-b", address: "192.0.2.2" };

/** A fleet that moves on with every input; times in seconds after the start. */
class Story {
  fleet: Fleet = new Map();
  at = 0;

  on(input: FleetInput): { changes: FleetMessage[]; problem: string | null } {
    const { fleet, changes, problem } = reduce(this.fleet, input, new Date(start + this.at * 1_000));
    this.fleet = fleet;
    return { changes, problem };
  }

  register = (...all: Registration[]) => this.on({ kind: "registrations", all }).changes;
  connect = () => this.on({ kind: "connected", agent_id: "a" }).changes;
  disconnect = (reason = "gone") => this.on({ kind: "disconnected", agent_id: "a", reason }).changes;
  tick = () => this.on({ kind: "tick" }).changes;
  tell(type: string, more: { session_id?: string; data?: unknown } = {}) {
    const timestamp = new Date(start + this.at * 1_000).toISOString();
    return this.on({ kind: "event", event: { type, agent_id: "a", timestamp, ...more } });
  }
}

const session = (uuid: string, more: object = {}) => ({
  uuid,
  name: `session ${uuid}`,
  created_at: "2026-01-01T00:00:00Z",
  last_accessed: "2026-01-01T00:00:00Z",
  ...more,
});

const iso = (seconds: number) => new Date(start + seconds * 1_000).toISOString();

function up(): Story {
  const story = new Story();
  story.register(a);
  story.connect();
  return story;
}

test("a registered agent is down until it connects, up then, and down with the reason when its link is gone", () => {
  const story = new Story();
  expect(story.register(a)).toMatchObject([
    { type: "agent", agent: { ...a, health: "down", since: iso(0) } },
  ]);
  story.at = 5;
  expect(story.connect()).toEqual([{ type: "agent", agent: { ...a, health: "up", since: iso(5) } }]);
  story.at = 9;
  expect(story.disconnect("cut")).toEqual([
    { type: "agent", agent: { ...a, health: "down", since: iso(9), reason: "cut" } },
  ]);
});

test("90 s without a heartbeat is silent, whatever else is told; the next heartbeat is up again", () => {
  const story = up();
  story.at = 60;
  expect(story.tell("agent.heartbeat").changes).toEqual([]);
  story.at = 149;
  story.tell("session.state", { session_id: "1", data: session("1") });
  expect(story.tick()).toEqual([]);
  story.at = 150;
  expect(story.tick()).toMatchObject([
    { type: "agent", agent: { health: "silent", since: iso(150), reason: "no heartbeat for 90 s" } },
  ]);
  expect(story.tick()).toEqual([]);
  story.at = 170;
  expect(story.tell("agent.heartbeat").changes).toEqual([
    { type: "agent", agent: { ...a, health: "up", since: iso(170) } },
  ]);
});

test("an agent that is down is never called silent", () => {
  const story = up();
  story.disconnect();
  story.at = 1_000;
  expect(story.tick()).toEqual([]);
});

test("an agent that shut down says why", () => {
  const story = up();
  story.tell("agent.shutdown", { data: { reason: "update" } });
  expect(story.disconnect()).toMatchObject([{ agent: { health: "down", reason: "shut down: update" } }]);
  story.connect();
  expect(story.disconnect("cut")).toMatchObject([{ agent: { reason: "cut" } }]);
});

test("agents come and go with their registration; what an unregistered one told is kept while it is connected", () => {
  const story = up();
  story.tell("session.state", { session_id: "1", data: session("1") });
  expect(story.register(a, b)).toMatchObject([{ type: "agent", agent: { agent_id: "b", health: "down" } }]);
  expect(story.register(b)).toEqual([
    { type: "session.removed", agent_id: "a", session_id: "1" },
    { type: "agent.removed", agent_id: "a" },
  ]);
  expect(story.tell("session.state", { session_id: "2", data: session("2") }).changes).toEqual([]);
  expect(story.register(a, b).map(({ type }) => type)).toEqual(["agent", "session", "session"]);
  story.register();
  story.disconnect();
  expect(story.fleet.size).toBe(0);
});

test("a moved host is told, with everything else about the agent as it was", () => {
  const story = up();
  const moved = { ...a, address: "192.0.2.9" };
  expect(story.register(moved)).toEqual([
    { type: "agent", agent: { ...moved, health: "up", since: iso(0) } },
  ]);
  expect(story.register(moved)).toEqual([]);
});

test("agent.started tells the version and resets nothing: v2 sends it at every reconnect", () => {
  const story = up();
  story.tell("session.state", { session_id: "1", data: session("1") });
  const data = { version: "2.0.0", image_tag: "v7" };
  expect(story.tell("agent.started", { data }).changes).toMatchObject([{ type: "agent", agent: data }]);
  expect(story.tell("agent.started").changes).toEqual([]);
  expect(story.fleet.get("a")?.sessions.size).toBe(1);
});

test("a session's life: created, started, stopped with its cause, deleted; unknown fields stay", () => {
  const story = up();
  const data = session("1", { colour: "red" });
  const told = { ...data, agent_id: "a" };
  expect(story.tell("container.created", { session_id: "1", data }).changes).toEqual([
    { type: "session", session: told },
  ]);
  expect(story.tell("container.started", { session_id: "1" }).changes).toMatchObject([
    { session: { ...told, running: true, state: "running" } },
  ]);
  expect(story.tell("container.stopped", { session_id: "1", data: { cause: "oom" } }).changes).toMatchObject([
    { session: { ...told, running: false, state: "stopped", exit_cause: "oom" } },
  ]);
  expect(story.tell("container.deleted", { session_id: "1" }).changes).toEqual([
    { type: "session.removed", agent_id: "a", session_id: "1" },
  ]);
  expect(story.tell("container.deleted", { session_id: "1" }).changes).toEqual([]);
});

test("the session that data names belongs to the agent that sent it, whatever it says", () => {
  const story = up();
  const { changes } = story.tell("container.created", { data: session("1", { agent_id: "b" }) });
  expect(changes).toMatchObject([{ session: { agent_id: "a" } }]);
});

test("a snapshot in parts replaces what was known when its last part is there, and tells only what differs", () => {
  const story = up();
  for (const id of ["1", "2", "3"]) story.tell("session.state", { session_id: id, data: session(id) });
  const part = (n: number, last: boolean, ...sessions: object[]) =>
    story.tell("agent.snapshot", { data: { part: n, last, sessions } }).changes;
  expect(part(0, false, session("1"))).toEqual([]);
  expect(part(1, true, session("2", { name: "new" }), session("4"))).toMatchObject([
    { type: "session.removed", session_id: "3" },
    { type: "session", session: { uuid: "2", name: "new" } },
    { type: "session", session: { uuid: "4" } },
  ]);
});

test("what happens while a snapshot's parts arrive is not undone by an older part", () => {
  const story = up();
  story.tell("agent.snapshot", {
    data: { part: 0, last: false, sessions: [session("1", { running: true })] },
  });
  story.tell("container.deleted", { session_id: "2" });
  story.tell("session.state", { session_id: "1", data: session("1", { running: false }) });
  story.tell("agent.snapshot", { data: { part: 1, last: true, sessions: [session("2")] } });
  const sessions = story.fleet.get("a")?.sessions;
  expect(sessions?.get("1")?.running).toBe(false);
  expect([...(sessions?.keys() ?? [])]).toEqual(["1"]);
});

test("a snapshot that lost a part changes nothing; one that begins anew counts", () => {
  const story = up();
  const part = (n: number, last: boolean, ...ids: string[]) =>
    story.tell("agent.snapshot", { data: { part: n, last, sessions: ids.map((id) => session(id)) } });
  expect(part(3, true, "9").problem).toContain("part 3");
  part(0, false, "1");
  story.disconnect();
  story.connect();
  expect(part(1, false, "2").problem).toBeNull();
  part(0, false, "5");
  part(1, true, "6");
  expect([...(story.fleet.get("a")?.sessions.keys() ?? [])]).toEqual(["5", "6"]);
});

test.each([
  ["agent.snapshot", { part: "first" }],
  ["container.created", { name: "no uuid" }],
  ["session.state", undefined],
  ["agent.capacity", { cpus: "many" }],
])("%s with data that is wrong is a problem, and changes nothing", (type, data) => {
  const story = up();
  const { changes, problem } = story.tell(type, data === undefined ? {} : { data });
  expect(changes).toEqual([]);
  expect(problem).toMatch(/^data\./);
});

test("session_id and data that disagree are a problem", () => {
  const { problem } = up().tell("session.state", { session_id: "1", data: session("2") });
  expect(problem).toContain("session_id 1 with the data of session 2");
});

test("capacity is shown with the agent; an overflow is a problem to log", () => {
  const story = up();
  const capacity = { memory_bytes: 1, memory_promised_bytes: 0, cpus: 2, sessions_running: 0, disk: "ours" };
  expect(story.tell("agent.capacity", { data: capacity }).changes).toMatchObject([{ agent: { capacity } }]);
  expect(story.tell("agent.overflow", { data: { dropped: 7 } }).problem).toContain("7 events");
});
