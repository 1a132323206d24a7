import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FleetMessage } from "../../protocol/fleet.ts";
import type { Orphan } from "../../protocol/orphan.ts";
import { FakeClock } from "../host/clock.fake.ts";
import { eventually } from "../host/eventually.fake.ts";
import { silentLog } from "../host/log.ts";
import { Hub } from "./hub.ts";
import { watchOrphans } from "./orphans.ts";

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const session = (n: number) => ({ uuid: uuid(n), name: "s", created_at: "", last_accessed: "" });

jest.setTimeout(60_000);

let folder: string;
let hub: Hub;
let heard: FleetMessage[];
let end: () => void;

beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), "convocate-orphans-"));
  fs.mkdirSync(homes());
  hub = new Hub(new FakeClock());
  heard = [];
  hub.subscribe((changes) => void heard.push(...changes));
  hub.apply({ kind: "registrations", all: [{ agent_id: "a", host: "host-a", address: "x" }] });
  hub.apply({ kind: "connected", agent_id: "a" });
  const watching = watchOrphans({ homes: homes(), agentConfig: join(folder, "agent"), hub, log: silentLog });
  end = () => {
    watching.close();
    hub.close();
  };
});
afterEach(() => {
  end();
  fs.rmSync(folder, { recursive: true });
});

const homes = () => join(folder, "homes");
const home = (n: number) => join(homes(), uuid(n));
function lay(n: number, copy: object | null = {}): void {
  fs.mkdirSync(home(n), { recursive: true });
  if (copy === null) return;
  const text = JSON.stringify({
    uuid: uuid(n),
    name: `orphan ${String(n)}`,
    created_at: "2026-01-01T00:00:00Z",
    last_accessed: "2026-01-02T00:00:00Z",
    ...copy,
  });
  fs.writeFileSync(join(home(n), "session.json"), text);
}
const shown = (): Orphan[] => {
  const snapshot = hub.snapshot();
  return snapshot.type === "snapshot" ? (snapshot.orphans ?? []) : [];
};
const names = () => shown().map(({ name }) => name);
/** An expectation that comes true in time. */
function becomes(expectation: () => void): Promise<true> {
  const holds = () => {
    expectation();
    return true as const;
  };
  const deadline = Date.now() + 20_000;
  return eventually(() => {
    try {
      return holds();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      return null;
    }
  }, 30_000);
}
/** The folder is looked at when something changes in it, and every few seconds: this spares the seconds. */
const lookAgain = () => fs.writeFileSync(join(homes(), ".changed"), String(Math.random()));
/** The agent tells all its sessions. */
function tell(...numbers: number[]): void {
  const data = { part: 1, last: true, sessions: numbers.map(session) };
  const problem = hub.apply({
    kind: "event",
    event: { type: "agent.snapshot", agent_id: "a", timestamp: "", data },
  });
  expect(problem).toBeNull();
  lookAgain();
}

test("a directory that no agent claims is told, with what its copy says and its size, and not any more when it is gone", async () => {
  tell(2);
  lay(2);
  lay(1, { port: 80, dns_name: "web" });
  fs.writeFileSync(join(home(1), "file"), Buffer.alloc(1 << 20, 1));
  fs.mkdirSync(join(homes(), ".skel"));
  await becomes(() => expect(shown()[0]?.bytes).toBeGreaterThan(1 << 20));
  expect(shown()).toEqual([
    {
      uuid: uuid(1),
      name: "orphan 1",
      created_at: "2026-01-01T00:00:00Z",
      last_accessed: "2026-01-02T00:00:00Z",
      port: 80,
      dns_name: "web",
      bytes: shown()[0]?.bytes,
    },
  ]);
  fs.rmSync(home(1), { recursive: true });
  await becomes(() => expect(shown()).toEqual([]));
});

test("an agent that was not heard since this daemon started may have any of them: none is told until it was", async () => {
  lay(1);
  lay(2);
  const looked = jest.spyOn(hub, "orphans");
  lookAgain();
  await becomes(() => expect(looked).toHaveBeenCalled());
  expect(heard.filter(({ type }) => type === "orphans")).toEqual([]);
  tell(1);
  await becomes(() => expect(names()).toEqual(["orphan 2"]));
});

test("what an agent reported last is no orphan while the agent is away", async () => {
  lay(1);
  lay(2);
  tell(1);
  hub.apply({ kind: "disconnected", agent_id: "a", reason: "power" });
  await becomes(() => expect(names()).toEqual(["orphan 2"]));
});

test("a session that an agent got is no orphan from that moment on", async () => {
  lay(1);
  tell();
  await becomes(() => expect(names()).toEqual(["orphan 1"]));
  const event = {
    type: "container.created",
    agent_id: "a",
    session_id: uuid(1),
    timestamp: "",
    data: session(1),
  };
  hub.apply({ kind: "event", event });
  expect(names()).toEqual([]);
});

test("a host that is an agent too has none: its agent adopts what it finds", async () => {
  tell();
  lay(1);
  await becomes(() => expect(names()).toEqual(["orphan 1"]));
  fs.mkdirSync(join(folder, "agent"));
  fs.writeFileSync(join(folder, "agent", "agent-id"), "a\n");
  lookAgain();
  await becomes(() => expect(names()).toEqual([]));
});

/** What a session's root leaves in its home for whoever looks at it. */
const traps: [string, () => void][] = [
  [
    "a FIFO for a copy, which would never be read to its end",
    () => execFileSync("mkfifo", [join(home(1), "session.json")]),
  ],
  ["a link to a secret for a copy", () => fs.symlinkSync("/etc/passwd", join(home(1), "session.json"))],
  ["links to the whole system, which would be counted", () => fs.symlinkSync("/", join(home(1), "all"))],
  [
    "folders deeper than a path can be",
    () =>
      execFileSync(
        "bash",
        ["-c", "for i in {1..300}; do mkdir dddddddddddddddddddd && cd dddddddddddddddddddd; done"],
        { cwd: home(1) },
      ),
  ],
  ["a file that looks like terabytes", () => execFileSync("truncate", ["-s", "4T", join(home(1), "hole")])],
  ["names that would act on a terminal", () => fs.writeFileSync(join(home(1), "\u001b]0;x\u0007\n"), "")],
];

test.each(traps)("left behind: %s: it is counted as it lies there", async (_, leave) => {
  lay(1, null);
  leave();
  tell();
  await becomes(() => expect(shown()[0]?.bytes).toBeGreaterThan(0));
  expect(shown()).toMatchObject([{ uuid: uuid(1), name: "recovered-00000000" }]);
  expect(shown()[0]?.bytes).toBeLessThan(16 << 20);
  // The tree is too deep for what cleans up after the test.
  execFileSync("rm", ["-rf", home(1)]);
});

test("a name of 60,000 characters is cut, and what a copy claims beyond its name is not told", async () => {
  lay(1, {
    name: "x".repeat(60_000),
    limits: { pids: 1e9 },
    command: "evil",
    mounts: ["/"],
    labels: { a: "b" },
  });
  tell();
  await becomes(() => expect(names()).toEqual(["x".repeat(256)]));
  expect(JSON.stringify(shown())).not.toMatch(/limits|evil|mounts|labels/);
});

test("of thousands of directories so many are told that every reader can take them", async () => {
  for (let n = 1; n <= 1_200; n += 1) fs.mkdirSync(home(n));
  tell();
  await becomes(() => expect(shown()).toHaveLength(1_000));
});
