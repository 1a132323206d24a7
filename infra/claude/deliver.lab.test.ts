/** The Claude CLI over real SSH to a host with folders of its own. The tests build on each other, as updates of one host do. */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blobFile } from "../image/blob.ts";
import { HostPlace } from "../image/host-place.fake.ts";
import { Proxy } from "../image/proxy.fake.ts";
import { connect, runAsRoot, type Endpoint, type Run } from "../ssh/connect.ts";
import { FakeSshd } from "../toolchain/plugins/command/sshd.fake.ts";
import { deliverCli, deliverToken } from "./deliver.ts";
import { prepare, type Cli } from "./source.ts";

jest.setTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "claude-"));
const blobs = join(folder, "blobs");
const place = new HostPlace();
const sshd = new FakeSshd();
let proxy: Proxy;
let host: Endpoint;

beforeAll(async () => {
  sshd.path = place.commands;
  proxy = new Proxy(await sshd.listen());
  const { publicKey: hostKey } = sshd.hostKey;
  const { privateKey } = sshd.userKey;
  host = { host: "127.0.0.1", port: await proxy.listen(), user: "admin", hostKey, privateKey };
});
afterAll(async () => {
  await proxy.close();
  await sshd.close();
  place.remove();
  rmSync(folder, { recursive: true });
});

/** A program that says its version, as large as is asked. */
async function program(version: string, bytes = 0): Promise<Cli> {
  const path = join(folder, "claude");
  const ballast = bytes === 0 ? "" : `: ${randomBytes(bytes).toString("hex")}\n`;
  writeFileSync(path, `#!/bin/sh\necho "${version} (Claude Code)"\nexit\n${ballast}`);
  return prepare({ path }, blobs);
}

async function withClient<T>(work: (run: Run) => Promise<T>): Promise<T> {
  const client = await connect(host, "");
  try {
    return await work((script) => runAsRoot(client, script));
  } finally {
    client.end();
  }
}
const deliver = (cli: Cli) => withClient((run) => deliverCli(run, cli, blobs));
const token = (text: string | null) => withClient((run) => deliverToken(run, text));

const says = () => execFileSync(place.path("opt/claude/current/claude"), { encoding: "utf8" }).trim();
const versions = () => readdirSync(place.path("opt/claude")).sort();
const link = (name: string) => readlinkSync(place.path("opt/claude", name));

let first: Cli;
let second: Cli;
let large: Cli;

test("a host without it gets it, as a program of root's that everyone may run", async () => {
  first = await program("1.0.0");
  expect(await deliver(first)).toBe(first.blob.packed.bytes);
  expect(says()).toBe("1.0.0 (Claude Code)");
  expect(versions()).toEqual([first.name, "current"].sort());
  const { mode, uid } = statSync(place.path("opt/claude/current/claude"));
  expect([mode & 0o7777, uid]).toEqual([0o755, 0]);
});

test("the same content is not sent again, and changes nothing", async () => {
  proxy.sent = 0;
  expect(await deliver(first)).toBe(0);
  expect(proxy.sent).toBeLessThan(20_000);
  expect(versions()).toEqual([first.name, "current"].sort());
});

test("another one becomes current; the one before stays, older ones go", async () => {
  second = await program("2.0.0");
  await deliver(second);
  expect(says()).toBe("2.0.0 (Claude Code)");
  expect([link("current"), link("previous")]).toEqual([second.name, first.name]);
  const third = await program("3.0.0");
  await deliver(third);
  expect(versions()).toEqual([second.name, third.name, "current", "previous"].sort());
  expect(says()).toBe("3.0.0 (Claude Code)");
});

test("back to the one before sends nothing", async () => {
  expect(await deliver(second)).toBe(0);
  expect(says()).toBe("2.0.0 (Claude Code)");
});

test("cut in the middle, nothing changes, and the next delivery goes on from there", async () => {
  large = await program("4.0.0", 3_000_000);
  const all = large.blob.packed.bytes;
  proxy.cutAfter = all / 2;
  await expect(deliver(large)).rejects.toThrow(/^sending /);
  expect(says()).toBe("2.0.0 (Claude Code)");
  const sent = await deliver(large);
  expect(sent).toBeLessThan(0.8 * all);
  expect(sent).toBeGreaterThan(0.3 * all);
  expect(says()).toBe("4.0.0 (Claude Code)");
  expect(existsSync(place.path("opt/claude/.incoming"))).toBe(false);
});

test("a program that was damaged on the host is replaced", async () => {
  writeFileSync(place.path("opt/claude/current/claude"), "#!/bin/sh\nexit 1\n");
  expect(large.name).toBe(link("current"));
  expect(await deliver(large)).toBe(large.blob.packed.bytes);
  expect(says()).toBe("4.0.0 (Claude Code)");
});

test("a file on this machine that changed since it was packed is not sent", async () => {
  const fifth = await program("5.0.0");
  writeFileSync(blobFile(blobs, fifth.blob), "something else");
  await expect(deliver(fifth)).rejects.toThrow(/is damaged: remove it, and build again/);
  expect(says()).toBe("4.0.0 (Claude Code)");
});

test("the token is readable by the agent alone, travels in no command line, and goes when there is none", async () => {
  await token("sk-ant-1");
  const file = place.path("etc/convocate-agent/claude-token");
  expect(readFileSync(file, "utf8")).toBe("sk-ant-1\n");
  const { mode, uid, gid } = statSync(file);
  expect([mode & 0o7777, uid, gid]).toEqual([0o640, 0, 1337]);
  expect(sshd.commands.join("\n")).not.toContain("sk-ant-1");
  await token(null);
  expect(existsSync(file)).toBe(false);
  await token(null);
});
