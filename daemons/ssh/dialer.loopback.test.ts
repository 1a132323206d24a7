import { createServer, type Server } from "node:net";
import ssh2 from "ssh2";
import type { ConvocateError } from "../../protocol/errors.ts";
import { fingerprint } from "../../protocol/keys.ts";
import { FakeClock } from "../host/clock.fake.ts";
import { eventually } from "../host/eventually.fake.ts";
import { MemoryLog } from "../host/log.fake.ts";
import { keepDialed, type DialOptions } from "./dialer.ts";
import { forgetStrictKex } from "./hostile-client.fake.ts";
import { createKeyPair } from "./keypair.fake.ts";
import { TestListener } from "./test-listener.fake.ts";

const operator = createKeyPair("operator=ann");
let listener: TestListener;
let clock: FakeClock;
let log: MemoryLog;
let heard: { opens: number; downs: ConvocateError[] };
let ends: (() => void)[];

beforeEach(async () => {
  listener = new TestListener();
  listener.authorize(operator.publicKey);
  await listener.start();
  clock = new FakeClock();
  log = new MemoryLog();
  heard = { opens: 0, downs: [] };
  ends = [];
});
afterEach(async () => {
  for (const end of ends) end();
  await listener.close();
});

function dial(options: Partial<DialOptions> = {}): void {
  const dialer = keepDialed({
    host: "127.0.0.1",
    port: listener.port,
    username: "convocate",
    privateKey: operator.privateKey,
    hostKey: listener.hostKey.publicKey,
    subsystem: "echo",
    log,
    clock,
    onOpen: (channel) => {
      heard.opens += 1;
      channel.resume();
    },
    onDown: (reason) => heard.downs.push(reason),
    ...options,
  });
  ends.push(() => dialer.close());
  clock.advance(0);
}

const firstDown = () => eventually(() => heard.downs[0]);

test("a changed host key is refused by name, with both fingerprints, before any key of ours is shown", async () => {
  const other = createKeyPair("other");
  dial({ hostKey: other.publicKey });
  const down = await firstDown();
  expect(down.code).toBe("host_key_changed");
  expect(down.message).toContain(`shows host key ${fingerprint(listener.hostKey.blob)}`);
  expect(down.message).toContain(`${fingerprint(other.blob)} is pinned`);
  expect(log.text).toContain("host_key_changed");
  const audit = await eventually(() => listener.audits[0]);
  expect(audit).toContain('"who":"nobody"');
  expect(audit).toContain("the client refused our host key");
  expect(heard.opens).toBe(0);
});

test.each([
  ["no pin", null],
  ["an empty pin", ""],
  ["half a key", "ssh-ed25519 AAAA"],
  ["an RSA key", createKeyPair("h", "rsa").publicKey],
])(
  "with %s for a pin nothing is dialled, and the command that records one is named",
  async (_what, hostKey) => {
    dial({ hostKey });
    const down = await firstDown();
    expect(down.code).toBe("host_key_unpinned");
    expect(down.message).toContain("`pulumi up` records one");
    clock.advance(120_000);
    expect(heard.downs).toHaveLength(1);
    expect(listener.audits).toEqual([]);
  },
);

test("our key refused is told as that, and tried again: the other side may learn it", async () => {
  const late = createKeyPair("operator=eve");
  dial({ privateKey: late.privateKey });
  expect((await firstDown()).code).toBe("auth_refused");
  listener.authorize(late.publicKey);
  await eventually(() => listener.log.text.includes("authorized keys changed"));
  clock.advance(1_000);
  await eventually(() => heard.opens === 1);
});

test("a key of ours that cannot be read is told without any of it", async () => {
  const half = operator.privateKey.slice(0, 200);
  dial({ privateKey: half });
  const down = await firstDown();
  expect(down.code).toBe("auth_refused");
  expect(down.message).toContain("cannot be used");
  expect(log.text).not.toContain(half.slice(100, 130));
});

test("nobody there: unreachable, and dialled again within 1, 2, 4 … 30 seconds", async () => {
  const { port } = listener;
  await listener.close();
  dial({ port });
  for (const [index, seconds] of [1, 2, 4, 8, 16, 30, 30].entries()) {
    await eventually(() => heard.downs.length === index + 1);
    // Not all that were lost together dial at the same time: spreadDelay has a test of its own.
    clock.advance(seconds * 1_000);
  }
  await eventually(() => heard.downs.length === 8);
  expect(new Set(heard.downs.map(({ code }) => code))).toEqual(new Set(["unreachable"]));
});

test("a lost connection is told once, and the next dial waits a second", async () => {
  dial();
  await eventually(() => heard.opens === 1);
  listener.authorize("");
  const down = await firstDown();
  expect(down.code).toBe("unreachable");
  listener.authorize(operator.publicKey);
  await eventually(
    () => listener.log.lines.filter((line) => line.message === "authorized keys changed").length === 2,
  );
  expect(heard.opens).toBe(1);
  clock.advance(1_000);
  await eventually(() => heard.opens === 2);
  expect(heard.downs).toHaveLength(1);
});

test("a subsystem that is not there is told with its name", async () => {
  dial({ subsystem: "convocate-status" });
  expect((await firstDown()).message).toContain("refuses convocate-status");
});

/** Another server on a port of its own, closed with the test. */
async function serveOther(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => server.close());
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

test("a server that answers and is no SSH server is unreachable, and named", async () => {
  const port = await serveOther(createServer((socket) => socket.end("HTTP/1.0 400 Bad Request\r\n\r\n")));
  dial({ port });
  const down = await firstDown();
  expect(down.code).toBe("unreachable");
  expect(down.message).toContain(`127.0.0.1:${String(port)}`);
});

test("a server with our pin and without strict key exchange is refused", async () => {
  const server = new ssh2.Server({ hostKeys: [listener.hostKey.privateKey] }, (client) => {
    client.on("error", () => {});
    client.on("authentication", (ctx) => ctx.accept());
    forgetStrictKex(client);
  });
  dial({ port: await serveOther(server) });
  const down = await firstDown();
  expect(down.message).toContain("strict key exchange");
  expect(heard.opens).toBe(0);
});

test("closing hangs up and dials no more", async () => {
  dial();
  await eventually(() => heard.opens === 1);
  for (const end of ends) end();
  await eventually(() => listener.audits.length === 1);
  clock.advance(120_000);
  expect(heard).toEqual({ opens: 1, downs: [] });
});
