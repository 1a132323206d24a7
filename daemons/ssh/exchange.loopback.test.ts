import ssh2, { type Client } from "ssh2";
import { eventually } from "../host/eventually.fake.ts";
import { caller, enter, gone, socketOf, wireOf } from "./hostile-client.fake.ts";
import { createKeyPair } from "./keypair.fake.ts";
import type { Limits } from "./limits.ts";
import { TestListener } from "./test-listener.fake.ts";

const operator = createKeyPair("operator=ann");
let listener: TestListener;
let client: Client;

async function start(limits: Partial<Limits>): Promise<void> {
  listener = new TestListener();
  listener.authorize(operator.publicKey);
  await listener.start({ limits });
  client = await enter(listener.port, operator.privateKey);
  client.on("error", () => {});
}
afterEach(async () => {
  client.end();
  await listener.close();
});

/** Opens `flood` and counts what the listener still gets rid of. */
const flood = () =>
  new Promise<void>((resolve, reject) =>
    client.subsys("flood", (error, channel) => {
      if (error) return reject(error);
      channel.resume();
      resolve();
    }),
  );

test("who begins to renew the keys and says nothing more is ended, and is sent nothing into the dark meanwhile", async () => {
  await start({ exchangeMs: 300 });
  await flood();
  // Our half of the exchange goes out; what comes back is never looked at.
  const socket = socketOf(client);
  socket.pause();
  socket.removeAllListeners("data");
  wireOf(client).rekey();
  socket.resume();
  const before = await settled();
  await eventually(() => listener.audits[0]);
  expect(listener.audits[0]).toContain("a key exchange without end");
  expect(listener.flooded - before).toBeLessThan(4 * 2 ** 20);
});

/** What was produced by the time that nothing more is. */
async function settled(): Promise<number> {
  let last = -1;
  await eventually(() => {
    const still = listener.flooded === last;
    last = listener.flooded;
    return still;
  });
  return last;
}

test("who ignores that we begin to renew the keys, and goes on asking, is ended", async () => {
  await start({ exchangeMs: 300, rekeyMs: 100 });
  const wire = wireOf(client);
  Reflect.set(wire, "_decipher", { decrypt: () => undefined, free: () => undefined });
  const asking = setInterval(() => wire.ping(), 5);
  await gone(client);
  clearInterval(asking);
  expect(await eventually(() => listener.audits[0])).toContain("a key exchange without end");
});

test("a stranger who makes us exchange keys again and again is ended at the second time", async () => {
  await start({});
  const stranger = new ssh2.Client();
  let exchanges = 0;
  stranger.on("handshake", () => {
    exchanges += 1;
    wireOf(stranger).rekey();
  });
  stranger.on("error", () => {});
  const closed = gone(stranger);
  // Never authenticates.
  stranger.connect(caller(listener.port, { authHandler: () => undefined }));
  await closed;
  expect(exchanges).toBeLessThan(4);
  expect(await eventually(() => listener.audits[0])).toContain("a second key exchange before authentication");
});

test("an exchange that is finished costs nobody anything", async () => {
  await start({ exchangeMs: 300, rekeyMs: 20 });
  let renewed = 0;
  client.on("handshake", () => (renewed += 1));
  await flood();
  await eventually(() => renewed > 20);
  expect(listener.audits).toEqual([]);
});
