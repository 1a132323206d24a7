import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeEngine } from "../docker/engine.fake.ts";
import { FakeClock } from "../host/clock.fake.ts";
import { eventually } from "../host/eventually.fake.ts";
import { MemoryLog } from "../host/log.fake.ts";
import { Registry } from "./registry.ts";
import { SessionLog } from "./session-log.ts";

const one = "11111111-0000-4000-8000-000000000000";
const two = "22222222-0000-4000-8000-000000000000";
let folder: string;
let engine: FakeEngine;
let registry: Registry;
let clock: FakeClock;
let log: MemoryLog;
let sessionLog: SessionLog;
let transcript: boolean;

const file = () => join(folder, "session-log.json");
/** What was passed on of a session. */
const told = (session = one) =>
  log.lines
    .filter(({ fields }) => "session" in fields && fields.session === session)
    .flatMap(({ fields, message }) =>
      message === "session printed" && "text" in fields ? [fields.text] : [],
    );

/** Waits for so many lines, which must be these. */
async function tells(lines: unknown[], session = one): Promise<void> {
  await eventually(() => told(session).length >= lines.length);
  expect(told(session)).toEqual(lines);
}

async function open(): Promise<void> {
  sessionLog = new SessionLog({ engine, registry, clock, log, file: file(), transcript: () => transcript });
  await sessionLog.load();
}
async function run(session: string): Promise<void> {
  const spec = { name: `convocate-session-${session}`, image: "convocate:test" };
  const id = await engine.start(spec as Parameters<FakeEngine["start"]>[0]);
  registry.started(session, { id, image: "convocate:test" });
  sessionLog.hear({ type: "container.started", session_id: session });
}
function end(session: string): void {
  const id = registry.container(session) ?? "";
  engine.die(session, 0);
  registry.stopped(session, id, { exitCode: 0, oom: false });
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "session-log-"));
  engine = new FakeEngine();
  clock = new FakeClock();
  log = new MemoryLog();
  registry = new Registry("a1", clock);
  transcript = false;
  const at = clock.now().toISOString();
  for (const uuid of [one, two])
    registry.load(
      {
        uuid,
        name: uuid.slice(0, 1),
        created_at: at,
        last_accessed: at,
        port: -1,
        protocol: "tcp",
        dns_name: "",
      },
      false,
    );
  await open();
});
afterEach(async () => {
  await sessionLog.close();
  rmSync(folder, { recursive: true });
});

test("what a session's container prints is told with the session, to its last line", async () => {
  await run(one);
  engine.printLines(one, "session started: bash");
  await tells(["session started: bash"]);
  engine.printLines(one, "", "session ended with status 3");
  end(one);
  await tells(["session started: bash", "session ended with status 3"]);
  expect(log.lines[0]?.fields).toEqual({ session: one, name: "1", text: "session started: bash" });
});

test("an agent that starts anew repeats nothing and misses nothing, also of what ended meanwhile", async () => {
  await run(one);
  engine.printLines(one, "first");
  await tells(["first"]);
  await sessionLog.close();
  engine.printLines(one, "second");
  end(one);
  await open();
  await tells(["first", "second"]);
  await sessionLog.close();
  await open();
  await run(one);
  engine.printLines(one, "third");
  await tells(["first", "second", "third"]);
});

test("an agent that is killed repeats what it read in the last second", async () => {
  await run(one);
  engine.printLines(one, "kept");
  await tells(["kept"]);
  clock.advance(1_000);
  await eventually(() => existsSync(file()) && readFileSync(file(), "utf8").includes('"over":false'));
  engine.printLines(one, "repeated");
  await tells(["kept", "repeated"]);
  const killed = sessionLog;
  await open();
  await tells(["kept", "repeated", "repeated"]);
  await killed.close();
});

test("the end of the screen stays on its host, however it looks, unless transcripts may leave it", async () => {
  const lines = [
    "stopping",
    "last on the screen, 3 lines:",
    "secret",
    "session ended with status 0",
    "secret",
    "session ended with status 1",
  ];
  await run(one);
  engine.printLines(one, ...lines);
  await tells(["stopping", "session ended with status 1"]);
  transcript = true;
  await run(two);
  engine.printLines(two, ...lines);
  await tells(lines, two);
});

test("an agent that starts anew in the middle of a screen does not take the rest for words of the container", async () => {
  await run(one);
  engine.printLines(one, "stopping", "last on the screen, 2 lines:", "secret");
  await tells(["stopping"]);
  await sessionLog.close();
  await open();
  engine.printLines(one, "secret", "session ended with status 0");
  await tells(["stopping", "session ended with status 0"]);
});

test("a lost engine is asked again, from the last line on", async () => {
  await run(one);
  engine.printLines(one, "first");
  await tells(["first"]);
  engine.cut();
  engine.printLines(one, "second");
  await eventually(() => {
    clock.advance(1_000);
    return told().length > 1;
  });
  expect(told()).toEqual(["first", "second"]);
});

test("hostile: a line of a session is one harmless line, cut to a bounded length", async () => {
  await run(one);
  engine.printLines(one, 'a\x1b[2J\x1b]0;owned\x07b\r\u2028{"level":60}\u202e\x9b', "x".repeat(100_000));
  await tells(['ab{"level":60}', "x".repeat(4_096)]);
});

test("hostile: a session that floods the log waits, and does not keep another from being heard", async () => {
  await run(one);
  await run(two);
  engine.printLines(one, ...Array.from({ length: 3_000 }, (_, i) => `flood ${String(i)}`));
  await eventually(() => told().length === 1_000);
  engine.printLines(two, "heard");
  await eventually(() => {
    clock.advance(10);
    return told(two).length > 0;
  });
  expect(told().length).toBeLessThan(1_010);
});

test("of a session that is gone nothing is kept", async () => {
  await run(one);
  engine.printLines(one, "first");
  await tells(["first"]);
  end(one);
  sessionLog.hear({ type: "container.deleted", session_id: one });
  await sessionLog.close();
  expect(JSON.parse(readFileSync(file(), "utf8"))).toEqual({});
});
