/** A real process in the place of the tmux client. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { realClock } from "../host/clock.ts";
import { TerminalProcess } from "./terminal-process.ts";

const children: ChildProcess[] = [];
afterEach(() => children.splice(0).forEach((child) => child.kill("SIGKILL")));

async function start(program: string, ...args: string[]): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: "ignore" });
  children.push(child);
  await once(child, "spawn");
  return child;
}
const of = (pid: number | null | undefined) =>
  new TerminalProcess({ pid: () => Promise.resolve(pid ?? null) });

test("one that runs outlives its terminal, until it is hung up", async () => {
  const child = await start("sleep", "60");
  const client = of(child.pid);
  expect(await client.outlives(realClock)).toBe(true);
  const exit = once(child, "exit");
  await client.hangUp();
  expect(await exit).toEqual([null, "SIGHUP"]);
  expect(await client.outlives(realClock)).toBe(false);
  await client.hangUp();
});

test("one that ends a moment after its terminal does not outlive it", async () => {
  const child = await start("sleep", "60");
  const client = of(child.pid);
  const outlives = client.outlives(realClock);
  child.kill("SIGTERM");
  expect(await outlives).toBe(false);
});

test("one that ended and that nobody asked for yet does not live", async () => {
  // The parent of the short sleep waits for nothing: it stays a zombie.
  const parent = spawn("bash", ["-c", 'sleep 0 & echo "$!"; exec sleep 60'], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  children.push(parent);
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  expect(await of(Number(line.toString())).outlives(realClock)).toBe(false);
});

test("one that the engine has told of is known when the engine is gone, and is asked for again while it is not", async () => {
  const child = await start("sleep", "60");
  const answers = [() => null, () => child.pid ?? null];
  const client = new TerminalProcess({
    pid: () => {
      const answer = answers.shift();
      return answer ? Promise.resolve(answer()) : Promise.reject(new Error("gone"));
    },
  });
  await client.seek(realClock);
  expect(answers).toEqual([]);
  expect(await client.outlives(realClock)).toBe(true);
});

test.each([
  ["an engine that knows no process", () => of(null)],
  [
    "an engine that does not answer",
    () => new TerminalProcess({ pid: () => Promise.reject(new Error("gone")) }),
  ],
])("%s: nothing lives, nothing is hung up", async (_, make) => {
  const client = make();
  expect(await client.outlives(realClock)).toBe(false);
  await client.hangUp();
});
