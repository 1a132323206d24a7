import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FleetAgent, FleetMessage } from "../../protocol/fleet.ts";
import { eventually } from "./eventually.fake.ts";
import { readFleet, watchFleet } from "./fleet-socket.ts";
import { localAccess } from "./access.ts";
import { FakeFleet } from "./fleet.fake.ts";

const access = (socket: string) => localAccess({ socket, agentKeys: "", homes: "" });

const agent: FleetAgent = {
  agent_id: "a1",
  host: "a",
  address: "x",
  health: "up",
  since: "2026-01-01T00:00:00Z",
};
let folder: string;
let fleet: FakeFleet;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "fleet-"));
  fleet = new FakeFleet(join(folder, "fleet.sock"));
  fleet.agents = [agent];
  await fleet.listen();
});
afterEach(async () => {
  await fleet.close();
  rmSync(folder, { recursive: true });
});

test("one snapshot is read and the socket let go", async () => {
  expect(await readFleet(access(fleet.path))).toMatchObject({ agents: [agent], sessions: [] });
  await eventually(() => expect(fleet.readers).toBe(0));
});

test("no status daemon: unreachable, naming the socket and where to look", async () => {
  await expect(readFleet(access(join(folder, "none.sock")))).rejects.toMatchObject({
    code: "unreachable",
    message: expect.stringMatching(/none\.sock.*systemctl status convocate-status/) as unknown,
  });
});

test("changes follow; what is not understood is skipped; a lost socket comes back with a snapshot", async () => {
  const heard: (FleetMessage["type"] | "down")[] = [];
  const watch = watchFleet(
    access(fleet.path),
    { message: ({ type }) => heard.push(type), down: () => heard.push("down") },
    () => 20,
  );
  try {
    await eventually(() => expect(heard).toEqual(["snapshot"]));
    fleet.raw('not json\n{"type":"of.the.future"}\n');
    fleet.tell({ type: "agent.removed", agent_id: "a1" });
    await eventually(() => expect(heard).toEqual(["snapshot", "agent.removed"]));
    await fleet.close();
    await eventually(() => expect(heard).toContain("down"));
    await fleet.listen();
    await eventually(() => expect(heard.at(-1)).toBe("snapshot"));
  } finally {
    watch.close();
  }
});
