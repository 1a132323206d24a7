import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { removeStaleLocks } from "./stale-locks.ts";

let state: string;
beforeEach(() => (state = mkdtempSync(join(tmpdir(), "stale-locks-"))));
afterEach(() => rmSync(state, { recursive: true }));

function putLock(content: string): string {
  const file = join(state, ".pulumi/locks/organization/convocate/lab/1.json");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  writeFileSync(`${file}.attrs`, "{}");
  return file;
}

const lockOf = (pid: number, host = hostname()) =>
  putLock(JSON.stringify({ pid, username: "root", hostname: host, timestamp: "2026-11-23T09:49:46Z" }));

async function sweep(): Promise<string[]> {
  const lines: string[] = [];
  await removeStaleLocks(state, (line) => lines.push(line));
  return lines;
}

/** The number of a process that is no more. */
async function endedPid(): Promise<number> {
  const child = spawn("true");
  await once(child, "exit");
  return Number(child.pid);
}

test("the lock of an engine that was killed here is removed, and it is said", async () => {
  const pid = await endedPid();
  const file = lockOf(pid);
  expect(await sweep()).toEqual([
    `the engine of process ${pid} was killed; its lock is removed: .pulumi/locks/organization/convocate/lab/1.json`,
  ]);
  expect([existsSync(file), existsSync(`${file}.attrs`)]).toEqual([false, false]);
});

test("a number that another program has now holds no lock", async () => {
  const file = lockOf(process.pid);
  expect(await sweep()).toHaveLength(1);
  expect(existsSync(file)).toBe(false);
});

test("an engine that was killed and that nobody has asked for holds no lock", async () => {
  const engine = join(state, "pulumi");
  copyFileSync("/bin/sleep", engine);
  // The shell becomes a program that never asks for the children it was born with.
  const script = `"$0" 60 & echo $!; kill -9 $!; exec sleep 60`;
  const parent = spawn("sh", ["-c", script, engine], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(line.toString());
  const stat = () => readFileSync(`/proc/${String(pid)}/stat`, "utf8");
  while (!/\) Z /.test(stat())) await new Promise((resolve) => setTimeout(resolve, 10));
  const file = lockOf(pid);
  await sweep();
  parent.kill();
  expect(existsSync(file)).toBe(false);
});

test("an engine that runs keeps its lock", async () => {
  const engine = join(state, "pulumi");
  copyFileSync("/bin/sleep", engine);
  const child = spawn(engine, ["60"]);
  await once(child, "spawn");
  const file = lockOf(Number(child.pid));
  const said = await sweep();
  child.kill();
  expect([said, existsSync(file)]).toEqual([[], true]);
});

test("another machine's lock is not ours to judge, and one that cannot be read stays", async () => {
  const file = lockOf(await endedPid(), "elsewhere");
  expect([await sweep(), existsSync(file)]).toEqual([[], true]);
  for (const content of ["{}", '{"pid"']) {
    putLock(content);
    expect([await sweep(), existsSync(file)]).toEqual([[], true]);
  }
});

test("a state folder without locks is fine", async () => {
  expect(await sweep()).toEqual([]);
});
