import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { eventually } from "../host/eventually.fake.ts";
import { Reader, stuckMs } from "./reader.ts";

/** Both ends of a connection. */
async function pair(): Promise<{ ours: Socket; theirs: Socket; end: () => void }> {
  const server = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const theirs = connect(typeof address === "object" && address ? address.port : 0, "127.0.0.1").pause();
  const ours = await new Promise<Socket>((resolve) => server.once("connection", resolve));
  const end = () => {
    ours.destroy();
    theirs.destroy();
    server.close();
  };
  return { ours, theirs, end };
}

test("what waits for a reader is one snapshot and one megabyte at most, and then a fresh snapshot", async () => {
  const { ours, theirs, end } = await pair();
  let snapshots = 0;
  const snapshot = Buffer.alloc(3 * 2 ** 20, "s");
  const source = {
    now: () => 0,
    snapshot: () => {
      snapshots += 1;
      return snapshot;
    },
  };
  const reader = new Reader(ours, source);
  const change = Buffer.alloc(10_000, "c");
  for (let i = 0; i < 10_000; i++) {
    reader.send(change);
    expect(ours.writableLength).toBeLessThanOrEqual(4 * 2 ** 20);
  }
  expect(snapshots).toBe(1);
  theirs.resume();
  await eventually(() => snapshots === 2 && ours.writableLength === 0);
  reader.send(change);
  await eventually(() => ours.writableLength === 0);
  expect(snapshots).toBe(2);
  end();
});

test("a reader is stuck when it took nothing for its time, not when it is slow or has nothing to take", async () => {
  const { ours, theirs, end } = await pair();
  let now = 0;
  const reader = new Reader(ours, { now: () => now, snapshot: () => Buffer.from("snapshot\n") });
  await eventually(() => ours.writableLength === 0);
  for (let i = 0; i < 5; i++) {
    now += stuckMs;
    reader.check();
  }
  expect(ours.destroyed).toBe(false);

  // Its buffers fill up, and nothing leaves them.
  for (let i = 0; i < 1_000; i++) reader.send(Buffer.alloc(10_000));
  reader.check();
  now += stuckMs - 1;
  reader.check();
  expect(ours.destroyed).toBe(false);
  now += 1;
  reader.check();
  expect(ours.destroyed).toBe(true);
  theirs.resume();
  end();
});
