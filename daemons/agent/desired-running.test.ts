import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeClock } from "../host/clock.fake.ts";
import { silentLog } from "../host/log.ts";
import { DesiredRunning } from "./desired-running.ts";

let folder: string;
let clock: FakeClock;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "desired-"));
  clock = new FakeClock();
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = () => join(folder, "desired-running.json");
const daemon = (boot: string) => new DesiredRunning({ file: file(), boot, clock, log: silentLog });
const started = (uuid: string) => ({ type: "container.started" as const, session_id: uuid });
const stopped = (uuid: string, cause: string) => ({
  type: "container.stopped" as const,
  session_id: uuid,
  data: { cause },
});

test("what ran when the host went down comes back; what was killed, deleted or ended before does not", async () => {
  const before = daemon("first");
  expect(await before.load([])).toEqual([]);
  for (const uuid of ["runs", "killed", "deleted", "ended", "down"]) before.hear(started(uuid));
  before.hear(stopped("killed", "killed"));
  before.hear({ type: "container.deleted", session_id: "deleted" });
  before.hear(stopped("ended", "exit 0"));
  clock.advance(5_000);
  // The host goes down: its containers end a moment before the agent does.
  before.hear(stopped("down", "exit 143"));
  await before.close();
  expect((await daemon("second").load([])).sort()).toEqual(["down", "runs"]);
});

test("what ended while only the agent was away stays ended", async () => {
  const before = daemon("first");
  await before.load([]);
  before.hear(started("a"));
  await before.close();
  expect(await daemon("first").load([])).toEqual([]);
  expect(await daemon("second").load([])).toEqual([]);
});

test("what runs already is not started again", async () => {
  const before = daemon("first");
  await before.load(["a", "b"]);
  await before.close();
  expect(await daemon("second").load(["a"])).toEqual(["b"]);
});

test("a session that ended and was started again within the settling time is meant to run", async () => {
  const before = daemon("first");
  await before.load([]);
  before.hear(started("a"));
  before.hear(stopped("a", "exit 1"));
  before.hear(started("a"));
  clock.advance(60_000);
  await before.close();
  expect(JSON.parse(readFileSync(file(), "utf8"))).toEqual({ boot: "first", running: ["a"] });
});

test("a broken record is no record, and keeps nobody from starting", async () => {
  writeFileSync(file(), "{");
  expect(await daemon("second").load(["a"])).toEqual([]);
  expect(JSON.parse(readFileSync(file(), "utf8"))).toEqual({ boot: "second", running: ["a"] });
});
