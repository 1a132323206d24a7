import type { FleetAgent } from "../../protocol/fleet.ts";
import { leastLoaded } from "./capacity.ts";
import { anAgent, aSession } from "./fleet.fake.ts";

const told = (id: string, promised: number, of = 100) =>
  anAgent(id, {
    capacity: { memory_bytes: of, memory_promised_bytes: promised, cpus: 1, sessions_running: 0 },
  });
const best = (agents: FleetAgent[]) => leastLoaded({ agents, sessions: [] })?.agent_id ?? null;

test("the smallest share of memory promised wins, whatever the size of the host", () => {
  expect(best([told("a", 50), told("b", 300, 1000), told("c", 40)])).toBe("b");
});

test("agents that are not up are no choice; without any there is none", () => {
  expect(best([{ ...told("a", 0), health: "silent" }, told("b", 90)])).toBe("b");
  expect(best([anAgent("a", { health: "down" })])).toBeNull();
  expect(best([])).toBeNull();
});

test("who does not tell comes last; of those the one with the fewest sessions that run, then the name", () => {
  expect(best([anAgent("a"), told("b", 99), anAgent("c", { capacity: { cpus: "many" } })])).toBe("b");
  const sessions = [aSession(1, { state: "running" }), aSession(2, { agent_id: "b", state: "stopped" })];
  expect(leastLoaded({ agents: [anAgent("a"), anAgent("c"), anAgent("b")], sessions })?.agent_id).toBe("b");
});
