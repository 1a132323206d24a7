import { anAgent, aSession } from "../state/fleet.fake.ts";
import { resolveAgent, resolveSession } from "./resolve.ts";

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
