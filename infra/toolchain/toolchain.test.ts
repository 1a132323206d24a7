import { lookup } from "node:dns/promises";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { putProgram } from "./program.fake.ts";
import { ensureToolchain, type ToolchainOptions } from "./toolchain.ts";
import { versions } from "./versions.ts";

// No test depends on what this machine's network answers: here none does.
jest.mock("node:dns/promises", () => ({ lookup: jest.fn() }));
jest.mocked<(name: string) => Promise<unknown>>(lookup).mockRejectedValue(new Error("ENOTFOUND"));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "toolchain-"));
  putProgram(join(folder, "root/bin"), "pulumi", `echo v${versions.engine}`);
});
afterEach(() => rmSync(folder, { recursive: true }));

const data = (...parts: string[]) => join(folder, "data", ...parts);
const ensure = (options: Partial<ToolchainOptions> = {}) =>
  ensureToolchain({
    dataDir: data(),
    plugins: "official",
    path: join(folder, "root/bin"),
    agentSocket: undefined,
    log: () => undefined,
    ...options,
  });
const havePlugins = () =>
  mkdirSync(data("pulumi-official/plugins", `resource-command-v${versions.command}`), { recursive: true });

const refusal =
  "the official plugins cannot be downloaded here: use --plugins offline, or connect to the internet";

test("official plugins that cannot be reached are refused with the remedy", async () => {
  await expect(ensure()).rejects.toThrow(refusal);
});

test("they are refused before an engine is built for minutes", async () => {
  putProgram(join(folder, "go"), "go", `touch "${folder}/asked"; echo go1.26`);
  await expect(ensure({ path: `${join(folder, "go")}:/usr/bin:/bin` })).rejects.toThrow(refusal);
  expect(existsSync(join(folder, "asked"))).toBe(false);
});

test("official plugins that were downloaded before need no network", async () => {
  havePlugins();
  const { root, env, origin } = await ensure({ plugins: "auto" });
  expect(root).toBe(join(folder, "root"));
  expect(origin).toBe(`engine ${versions.engine}: official, found on this machine; plugins: official`);
  expect(env).toMatchObject({
    PULUMI_HOME: data("pulumi-official"),
    PULUMI_BACKEND_URL: `file://${data("state")}`,
    PULUMI_CONTINUE_ON_ERROR: "true",
  });
  expect(env).not.toHaveProperty("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION");
  expect(env["PATH"]?.split(":")[0]).toBe(join(folder, "root/bin"));
});

test("the engine keeps no debug logs of its runs, and those that it had are gone", async () => {
  havePlugins();
  mkdirSync(data("pulumi-official/logs/run.log"), { recursive: true });
  for (let time = 0; time < 2; time += 1) {
    await ensure();
    expect(readFileSync(data("pulumi-official/logs"), "utf8")).toBe("");
  }
});

test("the passphrase is made once, for its owner alone, and only its file's name is handed on", async () => {
  havePlugins();
  const { env } = await ensure();
  const file = data("passphrase");
  const passphrase = readFileSync(file, "utf8");
  expect(passphrase).toMatch(/^[\w-]{43}\n$/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(env["PULUMI_CONFIG_PASSPHRASE_FILE"]).toBe(file);
  expect(JSON.stringify(env)).not.toContain(passphrase.trim());
  await ensure();
  expect(readFileSync(file, "utf8")).toBe(passphrase);
});

test("an ssh-agent that answers is handed on, a stale socket is not", async () => {
  havePlugins();
  const socket = join(folder, "agent.sock");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  expect((await ensure({ agentSocket: socket })).env["SSH_AUTH_SOCK"]).toBe(socket);
  await new Promise((resolve) => server.close(resolve));
  writeFileSync(socket, "");
  expect((await ensure({ agentSocket: socket })).env["SSH_AUTH_SOCK"]).toBe("");
  expect((await ensure()).env["SSH_AUTH_SOCK"]).toBe("");
});
