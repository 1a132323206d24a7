import type { Client } from "ssh2";
import { eventually } from "../host/eventually.fake.ts";
import { announce, enter, socketOf, wireOf } from "./hostile-client.fake.ts";
import { createKeyPair } from "./keypair.fake.ts";
import { TestListener } from "./test-listener.fake.ts";

const operator = createKeyPair("operator=ann");
const MiB = 2 ** 20;
jest.setTimeout(30_000);

let listener: TestListener;
let client: Client;

beforeEach(async () => {
  listener = new TestListener();
  listener.authorize(operator.publicKey);
  await listener.start({ limits: { unsentBytes: MiB, keepaliveMs: 0 } });
  client = await enter(listener.port, operator.privateKey);
});
afterEach(async () => {
  client.end();
  await listener.close();
});

const open = (subsystem = "flood") =>
  new Promise<void>((resolve, reject) =>
    client.subsys(subsystem, (error, channel) => {
      if (error) return reject(error);
      channel.on("data", (data: Buffer) => (got += data.length));
      resolve();
    }),
  );
let got = 0;

/** Until nothing more is produced in 100 ms; what was until then. */
async function settled(): Promise<number> {
  let seen = { flooded: -1, since: 0 };
  return eventually(() => {
    if (listener.flooded !== seen.flooded) seen = { flooded: listener.flooded, since: Date.now() };
    return Date.now() - seen.since > 100 ? seen.flooded : 0;
  });
}

test("who grants a window of 4 GiB and then does not read costs what the system's buffers hold and a few MiB", async () => {
  announce(client, 2 ** 32 - 1, 32_768);
  await open();
  await eventually(() => got > 8 * MiB);
  socketOf(client).pause();
  const { produced, unsent } = { produced: await settled(), unsent: listener.unsent() };
  expect(unsent).toBeLessThan(2 * MiB);
  // Whoever reads on gets all of it, and more.
  const before = got;
  socketOf(client).resume();
  await eventually(() => got > before + 16 * MiB && listener.flooded > produced + 16 * MiB);
});

test("a window that grows by 4 GiB again and again is no more than one", async () => {
  await open();
  for (let n = 0; n < 1_000; n++) wireOf(client).channelWindowAdjust(0, 2 ** 32 - 1);
  await eventually(() => got > 8 * MiB);
  socketOf(client).pause();
  await settled();
  expect(listener.unsent()).toBeLessThan(2 * MiB);
});

test("who asks without end and never reads the answers is not heard any more, until it reads", async () => {
  const little = new TestListener();
  little.authorize(operator.publicKey);
  await little.start({ limits: { unsentBytes: 1 } });
  const asking = await enter(little.port, operator.privateKey);
  await new Promise((resolve) => asking.subsys("hole", resolve));
  const theirs = socketOf(little.held[0]?.channel ?? {});
  // As when the system takes no more, which it does after some MiB only.
  theirs.cork();
  const wire = wireOf(asking);
  const before = theirs.bytesRead;
  const first = socketOf(asking).bytesWritten;
  for (let n = 0; n < 10_000; n++) wire.ping();
  const sent = socketOf(asking).bytesWritten - first;
  await eventually(() => theirs.isPaused(), 12_000);
  expect(little.unsent()).toBeLessThan(2 ** 18);
  expect(theirs.bytesRead - before).toBeLessThan(sent * 0.8);
  theirs.uncork();
  await eventually(() => theirs.bytesRead - before >= sent && !theirs.isPaused(), 12_000);
  asking.end();
  await little.close();
});
