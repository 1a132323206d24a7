import { randomBytes } from "node:crypto";
import type { Client } from "ssh2";
import { eventually } from "../host/eventually.fake.ts";
import { enter, gone } from "./hostile-client.fake.ts";
import { createKeyPair } from "./keypair.fake.ts";
import type { Limits } from "./limits.ts";
import { TestListener } from "./test-listener.fake.ts";

const operator = createKeyPair("operator=ann");
let listener: TestListener;
let client: Client;
let renewed: number;

async function start(limits: Partial<Limits>): Promise<void> {
  listener = new TestListener();
  listener.authorize(operator.publicKey);
  await listener.start({ limits });
  client = await enter(listener.port, operator.privateKey);
  renewed = 0;
  client.on("handshake", () => (renewed += 1));
}
afterEach(async () => {
  client.end();
  await gone(client);
  await listener.close();
});

/** Sends and gets the same back. */
async function echo(sent: Buffer): Promise<void> {
  const got: Buffer[] = [];
  await new Promise((resolve, reject) =>
    client.subsys("echo", (error, channel) => {
      if (error) return reject(error);
      channel.on("data", (data: Buffer) => got.push(data)).once("end", resolve);
      channel.end(sent);
    }),
  );
  expect(Buffer.concat(got).equals(sent)).toBe(true);
}

test("keys are renewed as time passes, and not a byte is lost or changed by it", async () => {
  await start({ rekeyMs: 5 });
  await echo(randomBytes(8 * 2 ** 20));
  expect(renewed).toBeGreaterThan(1);
});

test("keys are renewed by what was moved, both ways counted, and not a byte is lost or changed by it", async () => {
  await start({ rekeyBytes: 2 * 2 ** 20 });
  await echo(randomBytes(8 * 2 ** 20));
  // 16 MiB and a little moved. What is under way when one begins counts for the next.
  await eventually(() => renewed >= 3);
  expect(renewed).toBeLessThanOrEqual(9);
});

test("little moved in little time renews nothing", async () => {
  await start({ rekeyBytes: 2 * 2 ** 20 });
  await echo(randomBytes(2 ** 19));
  expect(renewed).toBe(0);
});
