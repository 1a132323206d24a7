import type { Client } from "ssh2";
import { eventually } from "../host/eventually.fake.ts";
import { announce, enter, gone } from "./hostile-client.fake.ts";
import { createKeyPair } from "./keypair.fake.ts";
import { TestListener } from "./test-listener.fake.ts";

const operator = createKeyPair("operator=ann");
const listener = new TestListener();
let client: Client;

beforeAll(async () => {
  listener.authorize(operator.publicKey);
  await listener.start();
});
afterAll(() => listener.close());
beforeEach(async () => {
  client = await enter(listener.port, operator.privateKey);
});
afterEach(() => client.end());

test.each([0, 1, 1_023])(
  "who takes packets of %i bytes at most is ended: of 0 ssh2 would send empty ones for ever, and the daemon stand still",
  async (size) => {
    announce(client, 2 ** 21, size);
    const closed = gone(client);
    client.on("error", () => {});
    client.subsys("terminal", () => {});
    await closed;
    expect(await eventually(() => listener.audits.at(-1))).toContain(
      `a largest packet of ${String(size)} bytes`,
    );
  },
);

test("1 KiB is enough, and 4 GiB are not too much", async () => {
  for (const size of [1_024, 2 ** 32 - 1]) {
    announce(client, 2 ** 21, size);
    const heard = await new Promise((resolve, reject) =>
      client.subsys("echo", (error, channel) => {
        if (error) return reject(error);
        channel.once("data", (data: Buffer) => resolve(data.toString()));
        channel.end("hello");
      }),
    );
    expect(heard).toBe("hello");
  }
});
