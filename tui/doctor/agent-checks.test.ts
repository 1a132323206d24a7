import { ConvocateError, type ErrorCode } from "../../protocol/errors.ts";
import type { FleetAgent } from "../../protocol/fleet.ts";
import type { CheckJson } from "../../protocol/verbs.ts";
import { version } from "../../protocol/version.ts";
import { fleetAgent } from "../fleet.fake.ts";
import { agentChecks, type AgentFacts } from "./agent-checks.ts";
import type { Visit } from "./visit.ts";

const now = Date.parse("2026-06-01T12:00:00Z");
const ago = (seconds: number) => new Date(now - seconds * 1_000).toISOString();

const well: Extract<Visit, { kind: "answered" }> = {
  kind: "answered",
  at: "10.0.0.21:222",
  ms: 12,
  hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f",
  protocol: 1,
  version,
  ahead: 0,
  unsure: 1,
};
const gib = 2 ** 30;
const capacity = { memory_bytes: 8 * gib, memory_promised_bytes: 2 * gib, cpus: 4, sessions_running: 1 };
const disk = (share: number) => ({ disk_bytes: 100 * gib, disk_used_bytes: share * gib });
const known = (more: Partial<FleetAgent> = {}): FleetAgent =>
  fleetAgent("a1", "agent-a", { heartbeat_at: ago(12), capacity: { ...capacity, ...disk(50) }, ...more });

/** Each check's result, and what was found. */
function judged(facts: Partial<AgentFacts>): Record<string, string> {
  const about = { agent_id: "a1", host: "agent-a" };
  const checks = agentChecks({ about, known: known(), visit: well, log: null, ...facts }, now);
  for (const { agent_id, host, result, remedy } of checks) {
    expect({ agent_id, host }).toEqual(about);
    expect(remedy === null).toBe(result === "ok");
  }
  return Object.fromEntries(checks.map(({ check, result, found }) => [check, `${result}: ${found}`]));
}
const failedWith = (code: ErrorCode): Visit => ({
  kind: "failed",
  error: new ConvocateError(code, `because of ${code}`),
});

test("a healthy agent: every check is well", () => {
  expect(judged({ log: { kind: "arrived", ms: 312 } })).toEqual({
    reachable: "ok: 10.0.0.21:222 answered in 12 ms",
    host_key: expect.stringMatching(/^ok: SHA256:\S+ that is pinned$/) as string,
    login: "ok: our key is taken",
    heartbeat: "ok: heard 12s ago",
    clock: "ok: the same within a second",
    version: `ok: ${version}, protocol 1`,
    memory: "ok: 2.0/8.0 GiB",
    disk: "ok: 50.0 of 100.0 GiB used, 50 %",
    log: "ok: a line came 0.3 s after our visit",
  });
});

test("what fails on the way to an agent is named, and what comes behind it is left out", () => {
  const rest = {
    heartbeat: "ok: heard 12s ago",
    memory: "ok: 2.0/8.0 GiB",
    disk: expect.any(String) as string,
  };
  const log = { kind: "arrived", ms: 1 } as const;
  expect(judged({ visit: failedWith("unreachable"), log })).toEqual({
    reachable: "fail: because of unreachable",
    ...rest,
  });
  expect(judged({ visit: failedWith("host_key_unpinned") })).toEqual({
    host_key: "fail: because of host_key_unpinned",
    ...rest,
  });
  expect(judged({ visit: failedWith("host_key_changed") })).toEqual({
    reachable: "ok: something answers",
    host_key: "fail: because of host_key_changed",
    ...rest,
  });
  expect(judged({ visit: failedWith("auth_refused") })).toMatchObject({
    reachable: "ok: it answers",
    host_key: "ok: the one that is pinned",
    login: "fail: because of auth_refused",
  });
  expect(judged({ visit: failedWith("not_found"), known: null })).toEqual({
    reachable: "fail: because of not_found",
  });
});

test.each<[string, Partial<FleetAgent>]>([
  ["ok: heard 1m ago", { heartbeat_at: ago(90) }],
  ["warn: heard 1m ago, and still taken for up", { heartbeat_at: ago(91) }],
  ["fail: silent since 2m: no heartbeat", { health: "silent", since: ago(120), reason: "no heartbeat" }],
  ["fail: down since 3h", { health: "down", since: ago(3 * 3_600) }],
])("heartbeat, %s", (found, more) => {
  const told = judged({ known: known(more) });
  expect(told["heartbeat"]).toBe(found);
  // What an agent told long ago is no news.
  expect("memory" in told).toBe(more.health === undefined);
});

test("an older status daemon does not tell when an agent was heard", () => {
  const older = fleetAgent("a1", "agent-a");
  expect(judged({ known: older })["heartbeat"]).toMatch(/^warn: .*not told/);
});

test.each([
  [900, 0, "ok: the same within a second"],
  [-2_000, 0, "ok: 2 s behind"],
  [2_001, 0, "warn: 2 s ahead"],
  [-60_000, 0, "warn: 60 s behind"],
  [600_000, 5, "fail: 600 s ahead"],
  [-86_400_000, 5, "fail: 86400 s behind"],
  // A slow answer says little about the clock.
  [3_000, 2_500, "ok: the same within a second"],
  [NaN, 0, "warn: the agent tells no time"],
])("a clock %s ms ahead, known within %s ms: %s", (ahead, unsure, found) => {
  expect(judged({ visit: { ...well, ahead, unsure } })["clock"]).toBe(found);
});

test.each([
  ["0.0.1", 1, "warn: 0.0.1, protocol 1: older than this program"],
  ["99.0.0", 1, "warn: 99.0.0, protocol 1: newer than this program"],
  [version, 2, `warn: ${version}, protocol 2: newer than this program`],
  ["dev", 0, "warn: dev, which speaks v2's protocol"],
  ["dev", 1, "ok: dev, protocol 1"],
])("version %s, protocol %s: %s", (theirs, protocol, found) => {
  expect(judged({ visit: { ...well, version: theirs, protocol } })["version"]).toBe(found);
});

test("memory and disk: a word before sessions are refused, a failure before what runs suffers", () => {
  const told = (more: object) => judged({ known: known({ capacity: { ...capacity, ...more } }) });
  expect(told({ memory_promised_bytes: 7.2 * gib })["memory"]).toMatch(/^warn: 7\.2\/8\.0 GiB/);
  expect(told({ memory_used_bytes: 7.9 * gib })["memory"]).toMatch(/^warn/);
  expect(told(disk(89))["disk"]).toMatch(/^ok/);
  expect(told(disk(90))["disk"]).toBe("warn: 90.0 of 100.0 GiB used, 90 %");
  expect(told(disk(97))["disk"]).toMatch(/^fail/);
  expect(told({})["disk"]).toBeUndefined();
  expect(judged({ known: known({ capacity: undefined }) })["memory"]).toBe("warn: the agent does not tell");
});

test("the log: a visit leaves a line, or somebody hears of it", () => {
  const log = (facts: AgentFacts["log"]): CheckJson["found"] | undefined => judged({ log: facts })["log"];
  expect(log({ kind: "still", last: now - 7_200_000 })).toBe(
    "warn: our visit left no line; the last one came 2h ago",
  );
  expect(log({ kind: "absent", why: "it is not there" })).toBe("warn: no log of it here: it is not there");
  expect(log(null)).toBeUndefined();
});
