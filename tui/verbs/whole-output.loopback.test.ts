/** A reader that is slower than we are got the first 64 KiB, and the rest was lost with the process. */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { FakeShellHost, fleetAgent } from "../fleet.fake.ts";

const node = join(import.meta.dirname, "../../node_modules/.bin/node");
const main = join(import.meta.dirname, "../main.ts");
let host: FakeShellHost;
beforeEach(async () => {
  host = new FakeShellHost();
  const now = new Date().toISOString();
  const session = (i: number) => ({
    uuid: randomUUID(),
    name: `session ${String(i)}`,
    agent_id: "a1",
    created_at: now,
    last_accessed: now,
  });
  host.fleet.agents = [fleetAgent("a1", "agent-a")];
  host.fleet.sessions = Array.from({ length: 3_000 }, (_, i) => session(i));
  await host.fleet.listen();
});
afterEach(() => host.close());

/** What a reader gets that sleeps first. */
async function readLate(...args: string[]): Promise<string> {
  const words = [node, main, ...host.options, ...args].map((word) => `'${word}'`).join(" ");
  const { stdout } = await promisify(execFile)("sh", ["-c", `${words} | (sleep 2; cat)`], {
    maxBuffer: 2 ** 25,
    timeout: 60_000,
  });
  return stdout;
}

test("everything that is printed arrives, however late it is read", async () => {
  const [json, candidates] = await Promise.all([
    readLate("ls", "--json"),
    readLate("complete", "--shell", "zsh", "--", "kill", ""),
  ]);
  expect(JSON.parse(json)).toHaveLength(3_000);
  expect(candidates.trimEnd().split("\n")).toHaveLength(3_000);
}, 90_000);

test("a reader that has enough ends it without a word", async () => {
  const words = [node, main, ...host.options, "ls", "--json"].map((word) => `'${word}'`).join(" ");
  const { stdout, stderr } = await promisify(execFile)("sh", ["-c", `${words} | head -n 1`], {
    timeout: 60_000,
  });
  expect({ stdout, stderr }).toEqual({ stdout: "[\n", stderr: "" });
}, 90_000);
