import { anAgent, anOrphan, aSession } from "../state/fleet.fake.ts";
import {
  isOrphan,
  resolveAgent,
  resolveNewAgent,
  resolveOrphan,
  resolveSession,
  withinAgent,
} from "./resolve.ts";

const fleet = {
  type: "snapshot" as const,
  agents: [anAgent("a"), anAgent("b")],
  sessions: [
    aSession(1, { name: "api" }),
    aSession(2, { name: "twin" }),
    aSession(3, { name: "twin", agent_id: "b" }),
    aSession(4, { name: "00000001" }),
  ],
};
const uuid = (wanted: string) => resolveSession(fleet, wanted).uuid;

test("a name, a UUID, the beginning of a UUID; a name written out is meant before a beginning", () => {
  expect(uuid("api")).toBe(aSession(1).uuid);
  expect(uuid(aSession(2).uuid)).toBe(aSession(2).uuid);
  expect(uuid("00000003")).toBe(aSession(3).uuid);
  expect(uuid("00000001")).toBe(aSession(4).uuid);
});

test("what fits several is listed with UUID, name and host", () => {
  expect(() => uuid("twin")).toThrow(
    /"twin" fits 2 sessions:\n {2}00000002-.* twin on host-a\n {2}00000003-.* host-b/,
  );
  expect(() => uuid("0000")).toThrow(/fits 4 sessions/);
  expect(() => uuid("nope")).toThrow(/no session is named "nope"/);
  expect(() => uuid("")).toThrow(/no session is named ""/);
});

test("an agent is named by host or id; the only one need not be named", () => {
  expect(resolveAgent(fleet, "host-b").agent_id).toBe("b");
  expect(resolveAgent(fleet, "a").agent_id).toBe("a");
  expect(resolveAgent({ ...fleet, agents: [anAgent("a")] }, undefined).agent_id).toBe("a");
  expect(() => resolveAgent(fleet, undefined)).toThrow(/--agent: host-a \(a\), host-b \(b\)/);
  expect(() => resolveAgent(fleet, "c")).toThrow(/no agent "c"; there are/);
  expect(() => resolveAgent({ ...fleet, agents: [] }, undefined)).toThrow(/pulumi up/);
});

test("--agent narrows the fleet; auto is the least loaded agent that is up, unless an agent is called so", () => {
  expect(withinAgent(fleet, undefined)).toBe(fleet);
  const there = withinAgent(fleet, "host-b");
  expect(there.agents.map(({ agent_id }) => agent_id)).toEqual(["b"]);
  expect(there.sessions.every(({ agent_id }) => agent_id === "b")).toBe(true);
  expect(() => withinAgent(fleet, "c")).toThrow(/no agent "c"/);
  const busy = { memory_bytes: 10, memory_promised_bytes: 9, cpus: 1, sessions_running: 1 };
  const idle = { ...busy, memory_promised_bytes: 1 };
  const agents = [anAgent("a", { capacity: busy }), anAgent("b", { capacity: idle })];
  expect(resolveNewAgent({ ...fleet, agents }, "auto").agent_id).toBe("b");
  const called = [...agents, anAgent("auto", { health: "down" })];
  expect(resolveNewAgent({ ...fleet, agents: called }, "auto").agent_id).toBe("auto");
  expect(() => resolveNewAgent({ ...fleet, agents: [anAgent("a", { health: "down" })] }, "auto")).toThrow(
    /no agent is up/,
  );
});

test("an orphan is named as a session is; every other verb says that it is one, and who may have what is not told", () => {
  const orphans = [
    anOrphan(1, { name: "lost" }),
    anOrphan(2, { name: "twin" }),
    anOrphan(3, { name: "twin" }),
  ];
  const all = { ...fleet, orphans };
  const named = (wanted: string) => resolveOrphan(all, wanted).uuid;
  expect([named("lost"), named("00000001-1111"), named(anOrphan(2).uuid)]).toEqual(
    [1, 1, 2].map((n) => anOrphan(n).uuid),
  );
  expect(() => named("twin")).toThrow(/"twin" fits 2 orphans:\n {2}00000002-1111.* twin\n {2}00000003-1111/);
  expect(() => named("api")).toThrow(/no orphan is named "api"/);
  expect(() => resolveSession(all, "lost")).toThrow(/"lost" is an orphan: `convocate adopt`/);
  // A session is meant where both are so named.
  expect([isOrphan(all, "lost"), isOrphan(all, "twin"), isOrphan(all, "nope")]).toEqual([true, false, false]);
  const unheard = { ...all, agents: [anAgent("a", { version: "1.0.0" }), anAgent("b", { health: "down" })] };
  expect(() => resolveOrphan(unheard, "nope")).toThrow(
    /; host-b was not heard since the status daemon started/,
  );
  expect(withinAgent(all, "host-b").orphans).toEqual([]);
});
