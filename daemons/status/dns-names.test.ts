import type { FleetMessage } from "../../protocol/fleet.ts";
import { DnsNames } from "./dns-names.ts";

const domain = "fleet.example";
let names: DnsNames;
beforeEach(() => {
  names = new DnsNames(domain, "");
  names.apply({ type: "snapshot", agents: [agent("a", "10.0.0.1"), agent("b", "10.0.0.2")], sessions: [] });
});

const agent = (agent_id: string, address: string) => ({
  agent_id,
  host: agent_id,
  address,
  health: "up" as const,
  since: "2026-01-01T00:00:00Z",
});
const session = (agent_id: string, n: number, dns_name?: string): FleetMessage => ({
  type: "session",
  session: {
    agent_id,
    uuid: `u${String(n)}`,
    name: "s",
    created_at: `2026-01-0${String(n)}T00:00:00Z`,
    last_accessed: "",
    ...(dns_name !== undefined && { dns_name }),
  },
});
const lines = (of = names) => of.lines((address) => address);

test("a session's name is its agent's address, until it changes or goes", () => {
  expect(names.apply(session("a", 1, "web"))).toBe(true);
  expect(lines()).toEqual(["10.0.0.1 web.fleet.example # a u1"]);
  expect(names.apply(session("a", 1, "web"))).toBe(false);
  names.apply(session("a", 1, "shop.web"));
  expect(lines()).toEqual(["10.0.0.1 shop.web.fleet.example # a u1"]);
  expect(names.apply({ type: "agent", agent: agent("a", "10.0.0.9") })).toBe(true);
  expect(lines()).toEqual(["10.0.0.9 shop.web.fleet.example # a u1"]);
  names.apply({ type: "session.removed", agent_id: "a", session_id: "u1" });
  expect(lines()).toEqual([]);
});

test("names come and go with their agent's registration, not with its connection", () => {
  names.apply(session("a", 1, "web"));
  expect(names.apply({ type: "agent", agent: { ...agent("a", "10.0.0.1"), health: "down" } })).toBe(false);
  expect(lines()).toHaveLength(1);
  names.apply({ type: "agent.removed", agent_id: "a" });
  expect(lines()).toEqual([]);
});

test("a name that several claim is told with who has it, until it is one session's again", () => {
  names.apply(session("a", 5, "web"));
  lines();
  expect(names.contested()).toEqual([]);
  names.apply(session("b", 1, "web"));
  names.apply(session("b", 2, "web"));
  names.apply(session("b", 3, "other"));
  lines();
  expect(names.contested()).toEqual([{ name: "web", agent_id: "a", session_id: "u5" }]);
  names.apply({ type: "session.removed", agent_id: "a", session_id: "u5" });
  lines();
  expect(names.contested()).toEqual([{ name: "web", agent_id: "b", session_id: "u1" }]);
  names.apply(session("b", 2, "free"));
  lines();
  expect(names.contested()).toEqual([]);
});

test("who claims a name that another has changes nothing, however old it says it is", () => {
  names.apply(session("a", 5, "web"));
  lines();
  names.apply(session("b", 1, "web"));
  expect(lines()).toEqual(["10.0.0.1 web.fleet.example # a u5"]);
  names.apply({ type: "session.removed", agent_id: "a", session_id: "u5" });
  expect(lines()).toEqual(["10.0.0.2 web.fleet.example # b u1"]);
});

test("… also after the daemon was started again and hears of the thief first", () => {
  const again = new DnsNames(domain, "10.0.0.1 web.fleet.example # a u5\n");
  again.apply({ type: "snapshot", agents: [agent("a", "10.0.0.1"), agent("b", "10.0.0.2")], sessions: [] });
  again.apply(session("b", 1, "web"));
  again.apply(session("a", 5, "web"));
  expect(lines(again)).toEqual(["10.0.0.1 web.fleet.example # a u5"]);
});

test("of two that come at once the older gets the name", () => {
  names.apply(session("b", 3, "web"));
  names.apply(session("a", 2, "web"));
  expect(lines()).toEqual(["10.0.0.1 web.fleet.example # a u2"]);
});

test.each([
  "",
  "-a",
  "a_b",
  "A",
  "a..b",
  "a b",
  "a\n10.0.0.66 bank.example",
  "x #",
  "é",
  "a".repeat(64),
  "a.".repeat(126) + "a",
])("%j is not published", (name) => {
  names.apply(session("a", 1, name));
  expect(lines()).toEqual([]);
});

test("a name is published under the fleet's domain whatever it looks like", () => {
  names.apply(session("a", 1, "bank.example"));
  expect(lines()).toEqual(["10.0.0.1 bank.example.fleet.example # a u1"]);
});
