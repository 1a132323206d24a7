import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeClock } from "../host/clock.fake.ts";
import { eventually } from "../host/eventually.fake.ts";
import { MemoryLog } from "../host/log.fake.ts";
import { Hub } from "./hub.ts";
import { LocalReader } from "./local-reader.fake.ts";
import { serveLocally } from "./local-socket.ts";

let directory: string;
let path: string;
let clock: FakeClock;
let hub: Hub;
let server: { close(): Promise<void> };
let sockets: Socket[];
let log: MemoryLog;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "convocate-socket-"));
  path = join(directory, "run", "fleet.sock");
  clock = new FakeClock();
  hub = new Hub(clock);
  sockets = [];
  log = new MemoryLog();
  server = await serveLocally({ path, group: "root", served: hub, clock, log });
  hub.apply({ kind: "registrations", all: [{ agent_id: "a", host: "agent-a", address: "192.0.2.1" }] });
  hub.apply({ kind: "connected", agent_id: "a" });
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await server.close();
  hub.close();
  rmSync(directory, { recursive: true });
});

function read(): LocalReader {
  const reader = new LocalReader(path);
  sockets.push(reader.socket);
  return reader;
}

/** A change of `size` bytes and a few. */
function change(n: number, size = 20_000): void {
  const data = {
    uuid: String(n % 10),
    name: `session ${String(n)}`,
    created_at: "2026-01-01T00:00:00Z",
    last_accessed: "2026-01-01T00:00:00Z",
    labels: { long: "x".repeat(size) },
  };
  hub.apply({ kind: "event", event: { type: "session.state", agent_id: "a", timestamp: "t", data } });
}

test("a reader that stops reading holds nobody up, and is whole again when it reads on", async () => {
  const quick = read();
  const slow = read();
  await eventually(() => quick.messages.length > 0 && slow.messages.length > 0);
  slow.socket.pause();
  for (let n = 0; n < 1_000; n++) {
    change(n);
    // The quick one reads as we go.
    if (n % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await eventually(() => quick.sessions.get("9")?.name === "session 999");
  slow.socket.resume();
  await eventually(() => slow.sessions.get("9")?.name === "session 999");
  expect(slow.messages.filter(({ type }) => type === "snapshot").length).toBeGreaterThan(1);
  expect(slow.messages.length).toBeLessThan(900);
  expect(slow.sessions).toEqual(quick.sessions);
});

test("a reader that reads nothing for half a minute is dropped; an idle one is not", async () => {
  const idle = read();
  await eventually(() => idle.messages.length > 0);
  for (let n = 0; n < 10; n++) change(n, 200_000);
  await eventually(() => idle.sessions.size === 10);
  // Never resumed: the kernel takes a little of the snapshot, nobody takes the rest.
  const stuck = connect(path).pause();
  stuck.on("error", () => {});
  sockets.push(stuck);
  await new Promise((resolve) => stuck.once("connect", resolve));
  const later = read();
  await eventually(() => later.sessions.size === 10);
  clock.advance(5_000);
  clock.advance(35_000);
  let ended = false;
  stuck.once("close", () => (ended = true)).resume();
  await eventually(() => ended);
  clock.advance(600_000);
  change(11);
  await eventually(() => idle.sessions.get("1")?.name === "session 11");
  expect(idle.closed).toBe(false);
});

test("many readers get the same; one that says what is no audit entry is ended, and nothing of it is kept", async () => {
  const readers = Array.from({ length: 50 }, read);
  await eventually(() => readers.every(({ messages }) => messages.length === 1));
  readers[0]?.socket.write(Buffer.alloc(2 ** 20));
  readers[1]?.socket.write('{"type":"audit","operator":"root\\n","verb":"x"}\n');
  await eventually(() => readers[0]?.closed === true && readers[1]?.closed === true);
  change(1);
  await eventually(() => readers.slice(2).every(({ messages }) => messages.length === 2));
  expect(log.lines.filter(({ message }) => message === "audit")).toEqual([]);
});

test("who did what is logged, in order, as it was told", async () => {
  const reader = read();
  const entry = (verb: string, result: string) => ({
    ...{ type: "audit", operator: "alice", verb, agent_id: "a", session: "u1", name: "web", result },
  });
  const entries = [entry("restart", "ok"), entry("delete", "locked")];
  reader.socket.write(entries.map((one) => `${JSON.stringify(one)}\n`).join(""));
  await eventually(() => log.lines.length === 2);
  expect(log.lines).toEqual(entries.map((fields) => ({ level: "info", message: "audit", fields })));
});

test("what is there and is no socket is left alone", async () => {
  const file = join(directory, "file");
  writeFileSync(file, "precious");
  const options = { path: file, group: "root", served: hub, clock, log };
  await expect(serveLocally(options)).rejects.toThrow(`${file} is not a socket`);
});
