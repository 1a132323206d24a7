import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeClock } from "./clock.fake.ts";
import { eventually } from "./eventually.fake.ts";
import { MemoryLog } from "./log.fake.ts";
import { createNotifier } from "./notify.ts";

/** A service manager: a datagram socket that prints what it is told (Node has none of its own). */
const manager = `
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
while True:
    print(s.recv(4096).decode(), flush=True)
`;

test("systemd hears ready, a heartbeat at half the watchdog's time, and stopping", async () => {
  const directory = mkdtempSync(join(tmpdir(), "convocate-notify-"));
  const socket = join(directory, "notify");
  const child = spawn("python3", ["-c", manager, socket], { stdio: ["ignore", "pipe", "inherit"] });
  let heard = "";
  child.stdout.on("data", (data: Buffer) => (heard += data.toString()));
  const count = (word: string) => heard.split(word).length - 1;
  try {
    await eventually(() => heard.includes("bound"));
    const clock = new FakeClock();
    const log = new MemoryLog();
    const notifier = createNotifier({ NOTIFY_SOCKET: socket, WATCHDOG_USEC: "30000000" }, clock, log);
    notifier.ready();
    await eventually(() => heard.includes("READY=1") && count("WATCHDOG=1") === 1);
    clock.advance(15_000);
    await eventually(() => count("WATCHDOG=1") === 2);
    notifier.stopping();
    await eventually(() => heard.includes("STOPPING=1"));
    expect(log.text).toBe("");
  } finally {
    child.kill();
    rmSync(directory, { recursive: true });
  }
});

test("outside systemd nothing is run", () => {
  const log = new MemoryLog();
  const notifier = createNotifier({}, new FakeClock(), log);
  notifier.ready();
  notifier.stopping();
  expect(log.lines).toEqual([]);
});
