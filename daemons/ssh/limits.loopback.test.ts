import { connect, type Socket } from "node:net";
import ssh2 from "ssh2";
import { eventually } from "../host/eventually.fake.ts";
import { attempt, caller, enter, forgetStrictKex, gone } from "./hostile-client.fake.ts";
import { createKeyPair } from "./keypair.fake.ts";
import type { Limits } from "./limits.ts";
import { TestListener } from "./test-listener.fake.ts";

const operator = createKeyPair("operator=ann");
let listener: TestListener;
let sockets: Socket[];

async function start(limits: Partial<Limits>): Promise<void> {
  listener = new TestListener();
  listener.authorize(operator.publicKey);
  await listener.start({ limits });
  sockets = [];
}
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await listener.close();
});

/** A TCP connection that says `text` and then nothing. */
function silent(text = ""): Socket {
  const socket = connect(listener.port, "127.0.0.1");
  socket.on("error", () => {});
  socket.on("close", () => (sockets = sockets.filter((other) => other !== socket)));
  socket.resume();
  if (text !== "") socket.write(text);
  sockets.push(socket);
  return socket;
}

const goodLogin = () => enter(listener.port, operator.privateKey);

test.each([
  ["nothing", ""],
  ["half a greeting", "SSH-2.0-slow"],
  ["a greeting and no key exchange", "SSH-2.0-slow\r\n"],
  ["garbage", "GET / HTTP/1.0\r\n\r\n"],
])("a client that sends %s is ended when its time is up", async (_what, text) => {
  await start({ graceMs: 150 });
  silent(text);
  await eventually(() => sockets.length === 0);
  expect(listener.audits).toHaveLength(1);
  expect(listener.audits[0]).toContain('"who":"nobody"');
});

test("a slow login has one deadline, that moving does not postpone; one that is in has none", async () => {
  await start({ graceMs: 300 });
  const inside = await goodLogin();
  const socket = silent("S");
  const drip = setInterval(() => socket.write("S"), 20);
  socket.once("close", () => clearInterval(drip));
  await eventually(() => sockets.length === 0);
  expect(listener.audits).toHaveLength(1);
  expect(listener.audits[0]).toContain("no authentication within 0.3 s");
  inside.end();
  await gone(inside);
});

test("so many strangers at the door and no more; who is in stays in, and a place that is free again is given", async () => {
  await start({ startups: 3, maxStartups: 4, graceMs: 60_000 });
  const inside = await goodLogin();
  for (let i = 0; i < 20; i++) silent();
  await eventually(() => listener.audits.length >= 16 && sockets.length <= 4);
  expect(listener.audits.every((line) => line.includes("too many unauthenticated connections"))).toBe(true);
  expect(inside.exec("id", () => {})).toBeDefined();
  for (const socket of sockets) socket.destroy();
  await eventually(() => listener.audits.length === 20);
  const late = await goodLogin();
  late.end();
  inside.end();
  await gone(late);
});

test("an address that keeps failing waits; while somebody from there is in, nobody does", async () => {
  await start({ maxPenaltyMs: 400 });
  const bad = createKeyPair("operator=ann").privateKey;
  const fail = () => attempt(new ssh2.Client(), caller(listener.port, { privateKey: bad }));
  for (let i = 0; i < 4; i++) await fail();
  const before = Date.now();
  const inside = await goodLogin();
  expect(Date.now() - before).toBeGreaterThanOrEqual(350);
  for (let i = 0; i < 4; i++) await fail();
  const again = Date.now();
  const second = await goodLogin();
  expect(Date.now() - again).toBeLessThan(350);
  inside.end();
  second.end();
  await gone(second);
});

test("a client without strict key exchange is dropped before it can authenticate (Terrapin)", async () => {
  await start({});
  const client = new ssh2.Client();
  const result = attempt(client, caller(listener.port, { privateKey: operator.privateKey }));
  forgetStrictKex(client);
  expect(await result).not.toBe("ready");
  expect(await eventually(() => listener.audits[0])).toContain("strict key exchange is required");
});

test.each([
  ["CBC", { cipher: ["aes128-cbc" as const] }],
  ["SHA-1 key exchange", { kex: ["diffie-hellman-group14-sha1" as const] }],
  ["an RSA host key", { serverHostKey: ["rsa-sha2-512" as const] }],
])("%s is not negotiated", async (_what, algorithms) => {
  await start({});
  const client = new ssh2.Client();
  const result = await attempt(
    client,
    caller(listener.port, { privateKey: operator.privateKey, algorithms }),
  );
  expect(result).toMatch(/no matching/);
});

test("a link that died without a word is noticed, and its connection ended", async () => {
  await start({ keepaliveMs: 50 });
  const client = await goodLogin();
  // From here on the client hears nothing, as behind a cut cable.
  const socket: unknown = Reflect.get(client, "_sock");
  if (!isSocket(socket)) throw new Error("ssh2 keeps its socket elsewhere");
  socket.pause();
  socket.removeAllListeners("data");
  expect(await eventually(() => listener.audits[0])).toMatch(/Keepalive timeout|no answer/);
  socket.destroy();
});

const isSocket = (value: unknown): value is Socket =>
  typeof value === "object" && value !== null && "setNoDelay" in value;

test("closing ends live connections and resolves when they are gone", async () => {
  await start({});
  const client = await goodLogin();
  const closed = gone(client);
  const stranger = silent();
  await eventually(() => stranger.bytesRead > 0);
  await listener.close();
  await closed;
  expect(listener.audits).toHaveLength(2);
});
