import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client, ClientChannel } from "ssh2";
import { eventually } from "../host/eventually.fake.ts";
import { enter, gone, numberOf, wireOf } from "./hostile-client.fake.ts";
import { createKeyPair } from "./keypair.fake.ts";
import { TestListener } from "./test-listener.fake.ts";

const operator = createKeyPair("operator=ann");
let listener: TestListener;
let client: Client;

beforeEach(async () => {
  listener = new TestListener();
  listener.authorize(operator.publicKey);
  await listener.start({ limits: { channels: 3 } });
  client = await enter(listener.port, operator.privateKey);
});
afterEach(async () => {
  client.end();
  await listener.close();
});

type Done = (error?: Error | null) => void;

const subsystem = (name: string) =>
  new Promise<ClientChannel>((resolve, reject) =>
    client.subsys(name, (error, channel) => (error ? reject(error) : resolve(channel))),
  );

/** The error of a callback-style call; null when it was granted. */
const refusal = (call: (done: Done) => void) =>
  new Promise<string | null>((resolve) => call((error) => resolve(error?.message ?? null)));

async function auditAfterEnd(): Promise<string> {
  client.end();
  return eventually(() => listener.audits[0]);
}

test.each<[string, (done: Done) => void, RegExp]>([
  ["shell", (done) => client.shell(false, done), /"shell"/],
  ["exec", (done) => client.exec("id", done), /"exec"/],
  ["x11", (done) => client.exec("id", { x11: true }, done), /"x11"/],
  ["sftp", (done) => client.sftp(done), /subsystem \\"sftp\\"/],
  ["unknown", (done) => client.subsys("convocate-root", done), /subsystem \\"convocate-root\\"/],
  ["prototype", (done) => client.subsys("constructor", done), /subsystem \\"constructor\\"/],
  ["tcp", (done) => client.forwardOut("127.0.0.1", 1, "127.0.0.1", 22, done), /"direct-tcpip"/],
  ["tcp back", (done) => client.forwardIn("127.0.0.1", 0, (error) => done(error)), /"tcpip-forward"/],
  ["socket", (done) => client.openssh_forwardOutStreamLocal("/run/docker.sock", done), /"streamlocal"/],
  [
    "socket back",
    (done) => client.openssh_forwardInStreamLocal("/tmp/x.sock", (error) => done(error)),
    /"streamlocal-forward@openssh.com"/,
  ],
])("%s is refused, told in the audit line, and the connection goes on", async (_what, call, told) => {
  expect(await refusal(call)).not.toBeNull();
  const channel = await subsystem("echo");
  channel.end("still here");
  expect(await text(channel)).toBe("still here");
  expect(await auditAfterEnd()).toMatch(told);
});

async function text(channel: ClientChannel): Promise<string> {
  let all = "";
  for await (const chunk of channel) all += String(chunk);
  return all;
}

test("one connection may have so many channels and no more; a closed one makes room", async () => {
  const channels = [await subsystem("echo"), await subsystem("echo"), await subsystem("echo")];
  await expect(subsystem("echo")).rejects.toThrow();
  const [first] = channels;
  first?.end();
  first?.resume();
  await new Promise((resolve) => first?.once("close", resolve));
  await subsystem("echo");
  expect(await auditAfterEnd()).toContain("more than 3 channels");
});

test("sessions that are opened and never used count too", async () => {
  // A refused exec leaves its session open until the client closes it, which a hostile one does not.
  for (let i = 0; i < 3; i++) expect(await refusal((done) => client.exec("id", done))).not.toBeNull();
  await expect(subsystem("echo")).rejects.toThrow();
  expect(await auditAfterEnd()).toContain("more than 3 channels");
});

test("a subsystem that throws loses its channel, not the connection and not the daemon", async () => {
  const code = await new Promise((resolve, reject) =>
    client.subsys("broken", (error, channel) => {
      if (error) reject(error);
      else channel.once("exit", resolve).resume();
    }),
  );
  expect(code).toBe(1);
  await subsystem("echo");
  expect(listener.log.text).toContain("subsystem failed to open");
});

test("1,000 channels on one connection: three are given, the others are told no, and one that is free again is given", async () => {
  const first = await subsystem("echo");
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, () => refusal((done) => client.subsys("echo", done))),
  );
  expect(answers.filter((answer) => answer === null)).toHaveLength(2);
  const closed = new Promise((resolve) => first.once("close", resolve));
  first.resume().end();
  await closed;
  expect(await refusal((done) => client.subsys("echo", done))).toBeNull();
  expect(await auditAfterEnd()).toMatch(/more than 3 channels/);
});

test("a second subsystem on the same channel is refused, and the first one goes on", async () => {
  const channel = await subsystem("echo");
  for (let n = 0; n < 5; n++) wireOf(client).subsystem(numberOf(channel), "echo", false);
  channel.end("still here");
  expect(await text(channel)).toBe("still here");
  expect(await auditAfterEnd()).toMatch(/"opened":\{"echo":1\}.*two subsystems on one channel/);
});

test("who opens and closes channels for nothing, thousands of them, is ended: ssh2 forgets none", async () => {
  const closed = gone(client);
  client.on("error", () => {});
  const wire = wireOf(client);
  let over = false;
  void closed.then(() => (over = true));
  for (let n = 0; n < 50 && !over; n++) {
    // The other side counts from 0, and forgets none.
    for (let i = 0; i < 100; i++) {
      wire.session(100_000 + i, 2 ** 21, 32_768);
      wire.channelClose(n * 100 + i);
    }
    await new Promise(setImmediate);
  }
  await closed;
  expect(await eventually(() => listener.audits[0])).toContain("too many sessions without a subsystem");
});

test("sending past the receive window ends the connection: half a gigabyte is never kept for a client", async () => {
  const channel = await subsystem("hole");
  const chunk = Buffer.alloc(32_767);
  const closed = gone(client);
  client.on("error", () => {});
  for (let i = 0; i < 500; i++) wireOf(client).channelData(numberOf(channel), chunk);
  await closed;
  expect(listener.held[0]?.channel.readableLength).toBeLessThan(6 * 2 ** 20);
  expect(await eventually(() => listener.audits[0])).toContain("receive window ignored");
});

test("who is slow to read within the window is not ended", async () => {
  const channel = await subsystem("hole");
  channel.write(Buffer.alloc(8 * 2 ** 20));
  await eventually(() => (listener.held[0]?.channel.readableLength ?? 0) > 2 ** 20);
  const { channel: held } = listener.held[0] ?? {};
  let got = 0;
  held?.on("data", (data: Buffer) => (got += data.length));
  await eventually(() => got === 8 * 2 ** 20);
  expect(listener.audits).toEqual([]);
});

/** OpenSSH's client is who asks for a pty together with a subsystem, and for env. */
function openssh(name: string, ...options: string[]) {
  const directory = mkdtempSync(join(tmpdir(), "convocate-openssh-"));
  const key = join(directory, "key");
  const known = join(directory, "known_hosts");
  writeFileSync(key, operator.privateKey, { mode: 0o600 });
  writeFileSync(known, `[127.0.0.1]:${String(listener.port)} ${listener.hostKey.publicKey}\n`);
  const host = ["-F", "none", "-i", key, "-p", String(listener.port), "-o", `UserKnownHostsFile=${known}`];
  const strict = ["-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"];
  return {
    args: [...host, ...strict, ...options, "-s", "convocate@127.0.0.1", name],
    end: () => rmSync(directory, { recursive: true }),
  };
}

async function runOpenssh(name: string, ...options: string[]): Promise<{ out: string; err: string }> {
  const { args, end } = openssh(name, ...options);
  const child = spawn("ssh", args, { stdio: ["pipe", "pipe", "pipe"] });
  const seen = { out: "", err: "" };
  child.stdout.on("data", (data: Buffer) => (seen.out += data.toString()));
  child.stderr.on("data", (data: Buffer) => (seen.err += data.toString()));
  child.stdin.end();
  await new Promise((resolve) => child.once("close", resolve));
  end();
  return seen;
}

test("OpenSSH's client is served as ours is; its environment is not taken", async () => {
  const { out } = await runOpenssh("terminal", "-o", "SetEnv=LD_PRELOAD=/tmp/x.so");
  expect(out).toBe("null\n");
});

test("a pty is granted where the subsystem allows one", async () => {
  const { out } = await runOpenssh("terminal", "-tt");
  expect(out).toMatch(/^\{"cols":\d+,"rows":\d+,"term":"[\w-]+"\}/);
});

test("a pty is refused where the subsystem does not", async () => {
  const { out, err } = await runOpenssh("echo", "-tt");
  expect(out).toBe("");
  expect(err).toContain("subsystem request failed");
  await eventually(() => listener.audits.some((line) => line.includes("pty on echo")));
});

test("window-change is heard, and clamped: 65,535 columns make tmux spin", async () => {
  const channel = await subsystem("terminal");
  let heard = "";
  channel.on("data", (data: Buffer) => (heard += data.toString()));
  wireOf(client).windowChange(numberOf(channel), 40, 120, 0, 0);
  wireOf(client).windowChange(numberOf(channel), 65_535, 65_535, 0, 0);
  await eventually(() => heard.split("\n").length > 3);
  expect(heard).toBe('null\n{"cols":120,"rows":40}\n{"cols":1000,"rows":1000}\n');
});
