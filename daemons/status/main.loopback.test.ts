import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { version } from "../../protocol/version.ts";
import { eventually } from "../host/eventually.fake.ts";
import { LocalReader } from "./local-reader.fake.ts";
import { ConfigDir } from "./registration.fake.ts";

const main = join(__dirname, "main.ts");
const run = (...args: string[]) => spawnSync(process.execPath, [main, ...args], { encoding: "utf8" });

test("version", () => {
  expect(run("version").stdout).toBe(`${version}\n`);
});

test("a wrong command line is status 2, and the fault is named", () => {
  const wrong = run("serve", "--port", "99999");
  expect(wrong.status).toBe(2);
  expect(wrong.stderr).toContain("'99999' is invalid");
  expect(run("reign").status).toBe(2);
});

test("without a host key nothing starts, and who makes one is named", () => {
  const { status, stderr } = run("serve", "--config-dir", "/nonexistent", "--port", "0");
  expect(status).toBe(1);
  expect(stderr).toContain("no host key at /nonexistent/status_host_ed25519_key; `pulumi up` makes one");
});

test("serves until it is asked to end, and then ends soon and cleanly, whoever is connected", async () => {
  const directory = mkdtempSync(join(tmpdir(), "convocate-main-"));
  const config = new ConfigDir(directory);
  config.register("a", "agent-a");
  const socket = join(directory, "run", "fleet.sock");
  const args = [
    main,
    "serve",
    "--config-dir",
    directory,
    "--address",
    "127.0.0.1",
    "--port",
    "0",
    "--socket",
    socket,
  ];
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr?.on("data", (data: Buffer) => (log += data.toString()));
  try {
    await eventually(() => log.includes('"serving"'));
    const reader = new LocalReader(socket);
    await eventually(() => reader.agents.has("a"));
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
    await eventually(() => reader.closed);
    expect(existsSync(socket)).toBe(false);
    expect(log).not.toContain("PRIVATE KEY");
  } finally {
    child.kill("SIGKILL");
    rmSync(directory, { recursive: true });
  }
});
