import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Client } from "ssh2";
import { FakeSshd, keyPair } from "../toolchain/plugins/command/sshd.fake.ts";
import { putProgram } from "../toolchain/program.fake.ts";
import { connect, ConnectionLost, runAsRoot, type Endpoint } from "./connect.ts";

const folder = mkdtempSync(join(tmpdir(), "image-ssh-"));
const sshd = new FakeSshd();
const clients: Client[] = [];
const title = "a trial";
let there: Endpoint;

beforeAll(async () => {
  putProgram(folder, "sudo", '[ "$1" = -n ] && shift && exec "$@"');
  sshd.path = `${folder}:/usr/bin:/bin`;
  const port = await sshd.listen();
  const hostKey = sshd.hostKey.publicKey;
  there = { host: "127.0.0.1", port, user: "admin", hostKey, privateKey: sshd.userKey.privateKey };
});
afterAll(async () => {
  for (const client of clients) client.end();
  await sshd.close();
  rmSync(folder, { recursive: true });
});

async function open(change: Partial<Endpoint> = {}): Promise<Client> {
  const client = await connect({ ...there, ...change }, "");
  clients.push(client);
  return client;
}

test("a host that shows another key than the pin is refused before anything is asked of it", async () => {
  const commands = sshd.commands.length;
  await expect(open({ hostKey: keyPair().publicKey })).rejects.toThrow(
    "127.0.0.1: shows another key than the pinned one: if the machine was set up anew, correct its hostKey",
  );
  expect(sshd.commands).toHaveLength(commands);
});

test("a pin that is no key is refused without a connection", async () => {
  const connections = sshd.connections;
  await expect(open({ hostKey: "ssh-ed25519 nonsense" })).rejects.toThrow(
    "hostKey of 127.0.0.1: not a public key line: correct the stack file",
  );
  expect(sshd.connections).toBe(connections);
});

test("a key that the host does not know is an error that names the host and shows no key", async () => {
  const { privateKey } = keyPair();
  const error = await open({ privateKey }).catch(String);
  expect(error).toMatch(/^Error: 127\.0\.0\.1: All configured authentication methods failed$/);
});

test("a script runs as root by way of sudo, whatever it contains", async () => {
  const client = await open();
  expect(await runAsRoot(client, { title, script: `printf '%s|' "it's" "$0" 'two  words'` })).toBe(
    "it's|bash|two  words|",
  );
  expect(sshd.commands.at(-1)).toMatch(/^sudo -n bash --norc -c '/);
});

test("what is fed arrives whole", async () => {
  const bytes = randomBytes(3_000_000);
  const client = await open();
  const sum = await runAsRoot(client, {
    title,
    script: "sha256sum",
    feed: (channel) => pipeline(Readable.from([bytes]), channel),
  });
  expect(sum).toBe(`${createHash("sha256").update(bytes).digest("hex")}  -`);
});

test("a script that fails tells its status and what it said last", async () => {
  const client = await open();
  const failed = runAsRoot(client, { title, script: "echo first; echo 'no space left' >&2; exit 3" });
  await expect(failed).rejects.toThrow("a trial ended with status 3: no space left");
  await expect(failed).rejects.toMatchObject({ status: 3 });
});

test("a script that ends before it has read everything tells why itself", async () => {
  const client = await open();
  const failed = runAsRoot(client, {
    title,
    script: "echo 'the disk is full' >&2; exit 4",
    feed: (channel) => pipeline(Readable.from([randomBytes(10_000_000)]), channel),
  });
  await expect(failed).rejects.toThrow("a trial ended with status 4: the disk is full");
});

test("a connection that was gone before is lost as well", async () => {
  const client = await open();
  const gone = new Promise<void>((resolve) => client.on("close", () => resolve()));
  client.end();
  await gone;
  await expect(runAsRoot(client, { title, script: "true" })).rejects.toThrow(ConnectionLost);
});

test("a lost connection is no success", async () => {
  const client = await open();
  const lost = runAsRoot(client, {
    title,
    script: "exec cat",
    feed: () => {
      client.end();
      return Promise.resolve();
    },
  });
  await expect(lost).rejects.toThrow(ConnectionLost);
});
