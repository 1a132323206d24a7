import { check, settle } from "./check.ts";
import type { Content } from "./home.ts";
import { Model, type Address, type Asked } from "./model.ts";
import type { Observation } from "./observation.ts";

const uuid = "00000000-0000-4000-8000-000000000001";
const other = "00000000-0000-4000-8000-000000000002";
const time = "2026-01-01T00:00:00.000Z";
const content: Content = new Map([
  ["a", "file 1"],
  ["b", "file 2"],
]);
const address: Address = { name: "p1-0-1", port: 20_000, protocol: "tcp", dns_name: "a.example" };
const asked: Asked = { kind: "create", address, labels: { made: "p1-0" }, content };

function world(): { model: Model; seen: Observation } {
  const model = new Model();
  model.add(asked, { uuid, created_at: time, last_accessed: time });
  const session = { uuid, ...address, labels: asked.labels, created_at: time, last_accessed: time };
  const seen: Observation = {
    listed: [{ ...session, state: "stopped" }],
    containers: [],
    helpers: [],
    inhabited: new Map(),
    homes: [uuid],
    metadata: [`${uuid}.json`],
    contents: new Map([[uuid, content]]),
  };
  return { model, seen };
}

test("what is as it was promised is no finding", () => {
  const { model, seen } = world();
  expect(check(model, seen)).toEqual([]);
});

const container = { id: "c1", session: uuid, state: "running", running: true };
const listed = (change: object) => (seen: Observation) => ({
  ...seen,
  listed: seen.listed.map((session) => ({ ...session, ...change })),
});

test.each<[string, (seen: Observation) => Observation, RegExp]>([
  ["a lost session", (seen) => ({ ...seen, listed: [], homes: [], metadata: [] }), /^lost session p1-0-1/],
  ["a lost home", (seen) => ({ ...seen, homes: [], contents: new Map() }), /home is missing/],
  [
    "half a home",
    (seen) => ({ ...seen, contents: new Map([[uuid, new Map([["a", "file 1"]])]]) }),
    /half a home: b is missing/,
  ],
  ["a mixed edit", listed({ port: 1 }), /not what was asked for last/],
  ["a new time of making", listed({ created_at: "2026-01-02T00:00:00.000Z" }), /created_at or labels/],
  ["an access taken back", listed({ last_accessed: "2025-01-01T00:00:00.000Z" }), /last_accessed went back/],
  ["a stale lock", listed({ state: "locked" }), /shown as locked/],
  ["a lock file", (seen) => ({ ...seen, homes: [uuid, `${uuid}.lock`] }), /among the homes: .*\.lock/],
  ["half a home in the making", (seen) => ({ ...seen, homes: [uuid, ".new-x"] }), /among the homes: \.new-x/],
  [
    "a mark",
    (seen) => ({ ...seen, metadata: [...seen.metadata, `${other}.gone`] }),
    /state folder: .*\.gone/,
  ],
  [
    "a state that the engine denies",
    listed({ running: true, state: "running" }),
    /shown running, the engine/,
  ],
  ["a container that nobody shows", (seen) => ({ ...seen, containers: [container] }), /shown stopped/],
  [
    "a leaked container",
    (seen) => ({ ...seen, containers: [{ ...container, session: other }] }),
    /^leaked container of .*2, running/,
  ],
  ["a leaked helper", (seen) => ({ ...seen, helpers: ["convocate-helper-1"] }), /^leaked helper/],
  [
    "processes out of sight",
    (seen) => ({ ...seen, inhabited: new Map([["c9", "tini"]]) }),
    /^tini runs in container c9/,
  ],
  [
    "a session nobody asked for",
    (seen) => ({ ...seen, listed: [...seen.listed, { ...seen.listed[0]!, uuid: other, name: "x" }] }),
    /session x: nobody asked/,
  ],
])("%s is found", (_, change, finding) => {
  const { model, seen } = world();
  expect(check(model, change(seen))).toEqual(expect.arrayContaining([expect.stringMatching(finding)]));
});

test("an edit without an answer may be done or not", () => {
  const { model, seen } = world();
  const [session] = model.known();
  const to = { ...address, name: "p1-0-2", port: 0 };
  if (session) session.editing = to;
  expect(check(model, seen)).toEqual([]);
  const edited = listed({ ...to, port: undefined })(seen);
  expect(check(model, edited)).toEqual([]);
  settle(model, edited);
  expect(model.known()[0]).toMatchObject({ address: to, editing: null });
  expect(check(model, seen)).toEqual([expect.stringMatching("not what was asked for last")]);
});

test("a delete without an answer leaves all or nothing", () => {
  const { model, seen } = world();
  const [session] = model.known();
  if (session) model.delete(session, "unknown");
  const gone = { ...seen, listed: [], homes: [], metadata: [], contents: new Map<string, Content>() };
  expect(check(model, gone)).toEqual([]);
  expect(check(model, seen)).toEqual([]);
  expect(check(model, { ...gone, homes: [uuid] })).toEqual([expect.stringMatching("left among the homes")]);
  settle(model, gone);
  expect(model.known()).toEqual([]);
});

test("a create without an answer is there whole, or not at all", () => {
  const { model, seen } = world();
  const whole = { model: new Model(), seen };
  whole.model.ask(asked);
  expect(check(whole.model, seen)).toEqual([]);
  expect(check(whole.model, { ...seen, contents: new Map([[uuid, new Map()]]) })).toEqual([
    expect.stringMatching("half a home"),
  ]);
  expect(settle(whole.model, seen)).toMatchObject([{ kind: "create", session: { uuid } }]);
  expect(check(model, seen)).toEqual([]);
});

test("a kill without an answer may take its time: what still ran at one point may have ended at the next", () => {
  const { model, seen } = world();
  const [session] = model.known();
  if (session) model.power(session, "no", "unknown");
  const running = { ...listed({ running: true, state: "running" })(seen), containers: [container] };
  expect(check(model, running)).toEqual([]);
  settle(model, running);
  expect(check(model, seen)).toEqual([]);
  settle(model, seen);
  expect(check(model, running)).toEqual([expect.stringMatching("runs although nobody started it")]);
  if (session) model.power(session, "yes", "ok");
  expect(check(model, seen)).toEqual([expect.stringMatching("does not run any more")]);
});
