import { Command } from "commander";
import type { FleetSession } from "../../protocol/fleet.ts";
import type { FleetSnapshot } from "../client/fleet-socket.ts";
import { fleetAgent } from "../fleet.fake.ts";
import { anOrphan } from "../state/fleet.fake.ts";
import { candidates, type Answer } from "./completion-candidates.ts";
import { walk } from "./completion-walk.ts";

const root = new Command("convocate").option("--identity <file>");
root
  .command("kill")
  .argument("<session>")
  .option("--agent <agent>")
  .option("--to <agent|auto>")
  .option("--protocol <tcp|udp>");
root.command("adopt").argument("<orphan>");

const uuid = (first: string) => `${first}0000000-0000-4000-8000-000000000000`;
const session = (first: string, name: string, agent_id = "a1"): FleetSession => ({
  uuid: uuid(first),
  name,
  agent_id,
  state: "running",
  created_at: "2026-01-01T00:00:00Z",
  last_accessed: "2026-01-01T00:00:00Z",
});
const fleet: FleetSnapshot = {
  type: "snapshot",
  agents: [fleetAgent("a1", "host-a"), fleetAgent("a2", "host b", { health: "down" })],
  sessions: [session("1", "api"), session("2", "my work"), session("3", "other", "a2")],
};

const offered = (known: FleetSnapshot | null, ...words: string[]): Promise<Answer> => {
  const current = words.at(-1) ?? "";
  return candidates(root, walk(root, words.slice(0, -1), current), current, () => Promise.resolve(known));
};
const withSessions = (...sessions: FleetSession[]): FleetSnapshot => ({ ...fleet, sessions });

test("sessions by name, with state and host; of one agent where one is named", async () => {
  expect(await offered(fleet, "kill", "")).toEqual([
    { value: "api", text: "running on host-a" },
    { value: "my work", text: "running on host-a" },
    { value: "other", text: "running on host b" },
  ]);
  const other = [{ value: "other", text: "running on host b" }];
  expect(await offered(fleet, "kill", "--agent", "host b", "")).toEqual(other);
  expect(await offered(fleet, "kill", "--agent=a2", "")).toEqual(other);
  expect(await offered(fleet, "kill", "--agent", "nobody", "")).toHaveLength(3);
});

test("orphans by name with their size, and no session where an orphan is wanted", async () => {
  const orphans = [anOrphan(1, { name: "lost", bytes: 3 * 2 ** 30 }), anOrphan(2, { name: "-x" })];
  expect(await offered({ ...fleet, orphans }, "adopt", "")).toEqual([
    { value: "lost", text: "orphan, 3.0 GiB" },
    { value: anOrphan(2).uuid, text: "-x, orphan, ? B" },
  ]);
  expect(await offered(fleet, "adopt", "")).toEqual([]);
});

test("by UUID where a name fits several, or where a UUID is being typed", async () => {
  const twins = withSessions(session("1", "twin"), session("2", "twin", "a2"), session("3", "api"));
  expect(await offered(twins, "kill", "")).toEqual([
    { value: uuid("1"), text: "twin, running on host-a" },
    { value: uuid("2"), text: "twin, running on host b" },
    { value: "api", text: "running on host-a" },
  ]);
  expect(await offered(twins, "kill", "--agent", "a2", "")).toMatchObject([{ value: "twin" }]);
  expect(await offered(fleet, "kill", "2")).toContainEqual({
    value: uuid("2"),
    text: "my work, running on host-a",
  });
});

test.each(["", "-rf", "--agent", "e\x1b[2Jvil", "two\nlines", "a\tb", "\u202eabc", "a\u200bb", "c1\u009b2J"])(
  "a name that is no word of a command line is offered as its UUID: %j",
  async (name) => {
    const answer = await offered(withSessions(session("1", name)), "kill", "");
    expect(answer).toMatchObject([{ value: uuid("1") }]);
    expect(JSON.stringify(answer)).toMatch(/^[\x20-\x7e]*$/);
  },
);

test("a UUID of a hostile agent's that is none is left out", async () => {
  const evil = { ...session("1", "-x"), uuid: "--help" };
  expect(await offered(withSessions(evil), "kill", "")).toEqual([]);
});

test("agents by host name, by id where the name does not do; words that the option itself names first", async () => {
  expect(await offered(fleet, "kill", "--agent", "")).toEqual([
    { value: "host-a", text: "agent a1, up" },
    { value: "host b", text: "agent a2, down" },
  ]);
  expect(await offered(fleet, "kill", "--to=h")).toMatchObject([
    { value: "--to=auto" },
    { value: "--to=host-a" },
    { value: "--to=host b" },
  ]);
  const agents = [fleetAgent("a1", "same"), fleetAgent("a2", "same"), fleetAgent("a3", "a3")];
  expect(await offered({ ...fleet, agents }, "kill", "--agent", "")).toMatchObject([
    { value: "a1" },
    { value: "a2" },
    { value: "a3" },
  ]);
});

test("without a fleet: what needs none; the fleet is not even asked for that", async () => {
  expect(await offered(null, "kill", "")).toEqual([]);
  expect(await offered(null, "kill", "--to", "")).toMatchObject([{ value: "auto" }]);
  const place = walk(root, ["kill", "--protocol"], "");
  const unasked = () => Promise.reject(new Error("the fleet was asked"));
  expect(await candidates(root, place, "", unasked)).toMatchObject([{ value: "tcp" }, { value: "udp" }]);
  expect(await offered(fleet, "--identity", "")).toBe("files");
});
