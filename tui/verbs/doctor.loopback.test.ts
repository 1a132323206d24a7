/** `convocate doctor` as scripts and people call it. */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { doctorJson } from "../../protocol/verbs.ts";
import { newKey, type FakeAgent } from "../client/agent.fake.ts";
import { FakeShellHost } from "../fleet.fake.ts";
import { Tmux } from "../screens/tmux.fake.ts";

const node = join(import.meta.dirname, "../../node_modules/.bin/node");
const main = join(import.meta.dirname, "../main.ts");
let host: FakeShellHost;
let agent: FakeAgent;
beforeEach(async () => {
  host = new FakeShellHost();
  await host.fleet.listen();
  agent = await host.addAgent("a1", "agent-a");
});
afterEach(() => host.close());

/** Not this machine's own files and resolver. */
const elsewhere = () => ["--root", host.folder, "--resolver", "127.0.0.1:1"];

async function convocate(args: string[], env: Record<string, string> = {}) {
  const child = spawn(node, [main, ...args], { env: { PATH: process.env["PATH"], ...env }, timeout: 60_000 });
  const said = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said.err += chunk.toString()));
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { status, ...said };
}

test("status 0 while nothing fails, 1 when something does; what was found is on standard output either way", async () => {
  const well = await convocate([...host.options, "doctor", ...elsewhere()]);
  expect(well).toMatchObject({ status: 0, err: "" });
  expect(well.out).toMatch(/^ok +agent-a +host key +SHA256:/m);
  expect(well.out).toMatch(/^warn +shell host +dns +no names are published[^\n]*\n {6}→ /m);
  expect(well.out).not.toContain("\x1b");
  await agent.close();
  agent.hostKey = newKey();
  await agent.listen();
  const bad = await convocate([...host.options, "doctor", "--json", ...elsewhere()]);
  expect(bad).toMatchObject({ status: 1, err: expect.stringMatching(/1 of \d+ checks failed/) as string });
  const told = doctorJson.parse(JSON.parse(bad.out));
  expect(told.result).toBe("fail");
  expect(told.checks.filter(({ result }) => result === "fail")).toMatchObject([
    { check: "host_key", agent_id: "a1", host: "agent-a", remedy: expect.any(String) as string },
  ]);
  expect(await convocate([...host.options, "doctor", "--agent", "nobody"])).toMatchObject({ status: 3 });
}, 120_000);

test("over SSH no files of the shell host can be named", async () => {
  expect(await convocate(["-c", "doctor --root /tmp"])).toMatchObject({ status: 2 });
  expect(await convocate(["-c", "doctor --resolver 10.0.0.1"])).toMatchObject({ status: 2 });
}, 60_000);

test("from elsewhere agents are visited from here, and the shell host's own things are left to it", async () => {
  writeFileSync(join(host.folder, "identity"), agent.userKey.private, { mode: 0o600 });
  const words = [node, main, ...host.options].map((word) => `'${word}'`).join(" ");
  const ssh = `#!/bin/sh\nwhile [ "$1" != "--" ]; do shift; done\nshift 2\nexec ${words} "$@"\n`;
  writeFileSync(join(host.folder, "ssh"), ssh, { mode: 0o755 });
  const identity = ["--via", "alice@shell", "--identity", join(host.folder, "identity")];
  const env = { CONVOCATE_SSH: join(host.folder, "ssh") };
  const { out } = await convocate([...identity, "doctor", "--json"], env);
  const { checks } = doctorJson.parse(JSON.parse(out));
  expect(checks.map(({ check, result }) => `${check} ${result}`)).toEqual(
    expect.arrayContaining(["fleet ok", "shell_host warn", "reachable ok", "host_key ok", "login ok"]),
  );
  expect(checks.some(({ check }) => check === "dns" || check === "certificate")).toBe(false);
}, 90_000);

test("colours on a terminal, unless NO_COLOR", async () => {
  const line = [node, main, ...host.options, "doctor", ...elsewhere()].map((word) => `'${word}'`).join(" ");
  const seen = async (environment: string): Promise<string> => {
    const terminal = new Tmux();
    try {
      await terminal.start(`env ${environment} ${line}; sleep 600`, { cols: 150, rows: 60 });
      await terminal.shows(/^\d+ ok, /m, 60_000);
      return await terminal.colored();
    } finally {
      await terminal.end();
    }
  };
  expect(await seen("TERM=xterm-256color")).toContain("\x1b[32mok");
  expect(await seen("TERM=xterm-256color NO_COLOR=1")).not.toContain("\x1b[");
}, 150_000);
