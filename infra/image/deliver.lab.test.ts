/** Deliveries over real SSH to a real second engine. The tests build on each other, as deliveries to one host do. */
import { randomBytes } from "node:crypto";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeSshd } from "../toolchain/plugins/command/sshd.fake.ts";
import type { ImageRecord } from "./archive.ts";
import { blobFile } from "./blob.ts";
import { saveImage } from "./build.ts";
import { deliverImage, type Delivered } from "./deliver.ts";
import { LayeredImages } from "./layers.fake.ts";
import { Proxy } from "./proxy.fake.ts";
import { SecondEngine } from "./second-engine.fake.ts";
import { connect, runAsRoot, type Endpoint } from "../ssh/connect.ts";
import { withHost } from "../ssh/with-host.ts";

jest.setTimeout(120_000);

const blobs = mkdtempSync(join(tmpdir(), "image-blobs-"));
const engine = new SecondEngine();
const images = new LayeredImages();
const sshd = new FakeSshd();
let proxy: Proxy;
let host: Endpoint;

beforeAll(async () => {
  await engine.start();
  sshd.path = engine.host.commands;
  proxy = new Proxy(await sshd.listen());
  const { publicKey: hostKey } = sshd.hostKey;
  const { privateKey } = sshd.userKey;
  host = { host: "127.0.0.1", port: await proxy.listen(), user: "admin", hostKey, privateKey };
});
afterAll(async () => {
  await proxy.close();
  await sshd.close();
  await engine.stop();
  images.remove();
  rmSync(blobs, { recursive: true });
});

const base = randomBytes(3_000_000);
const name = (tag: string) => `convocate:loopback-${String(process.pid)}-${tag}`;

async function make(tag: string, layers: Buffer[], more = ""): Promise<ImageRecord> {
  images.build(name(tag), layers, more);
  return saveImage(name(tag), blobs);
}

async function deliver(tag: string, record: ImageRecord): Promise<Delivered> {
  const client = await connect(host, "");
  try {
    return await deliverImage((script) => runAsRoot(client, script), { reference: name(tag), record, blobs });
  } finally {
    client.end();
  }
}

const current = () => engine.host.read("etc/convocate-agent/current-image");
const previous = () => engine.host.read("etc/convocate-agent/previous-image");
const leftovers = () => {
  const folder = engine.host.path("docker/convocate-layers");
  return existsSync(folder) ? readdirSync(folder) : [];
};
const has = (tag: string) => engine.docker("images", "-q", "--no-trunc", name(tag)) || null;

test("a host that has nothing gets every layer, and then the name", async () => {
  const record = await make("1", [base, Buffer.from("one")]);
  expect(await deliver("1", record)).toEqual({
    layers: 2,
    sent: record.layers.reduce((sum, { packed }) => sum + packed.bytes, 0),
  });
  expect(has("1")).toBe(record.id);
  expect([current(), previous()]).toEqual([name("1"), null]);
  expect(leftovers()).toEqual([]);
});

test("what is there is not sent again, and stamps nothing anew", async () => {
  const record = await make("1", [base, Buffer.from("one")]);
  proxy.sent = 0;
  expect(await deliver("1", record)).toEqual({ layers: 0, sent: 0 });
  expect(proxy.sent).toBeLessThan(20_000);
  expect([current(), previous()]).toEqual([name("1"), null]);
});

test("of a changed image the changed layer travels alone, packed; the image before stays, with its name", async () => {
  const record = await make("2", [base, Buffer.concat([randomBytes(2_000_000), Buffer.alloc(20_000_000)])]);
  const changed = record.layers[1]?.packed.bytes ?? 0;
  proxy.sent = 0;
  expect(await deliver("2", record)).toEqual({ layers: 1, sent: changed });
  expect(changed).toBeLessThan(2_100_000);
  expect(proxy.sent).toBeLessThan(1.01 * changed);
  expect(has("2")).toBe(record.id);
  expect(has("1")).not.toBeNull();
  expect([current(), previous()]).toEqual([name("2"), name("1")]);
});

test("an image that only says another thing to run sends no layer", async () => {
  const record = await make("said", [base, Buffer.from("one")], 'CMD ["other"]\n');
  expect(await deliver("said", record)).toEqual({ layers: 0, sent: 0 });
  expect(has("said")).toBe(record.id);
  expect(current()).toBe(name("said"));
});

test("a layer that an image has twice is sent as often as the engine needs it", async () => {
  const record = await make("twice", [base, Buffer.from("a"), Buffer.from("b"), Buffer.from("a")]);
  expect(record.layers[1]).toEqual(record.layers[3]);
  await deliver("twice", record);
  expect(has("twice")).toBe(record.id);
  expect(leftovers()).toEqual([]);
});

describe("a delivery that is cut in the middle", () => {
  let record: ImageRecord;
  beforeAll(async () => (record = await make("3", [base, randomBytes(6_000_000)])));

  test("loads and names nothing, and the next goes on where it was", async () => {
    const before = current();
    proxy.cutAfter = 3_000_000;
    await expect(deliver("3", record)).rejects.toThrow(/^sending [0-9a-f]{12} \(6\.0 MB\): /);
    expect([has("3"), current()]).toEqual([null, before]);
    expect(leftovers()).toEqual([expect.stringMatching(/\.partial$/)]);
    const { sent } = await deliver("3", record);
    expect(sent).toBeGreaterThan(2_500_000);
    expect(sent).toBeLessThan(4_500_000);
    expect([has("3"), current(), previous()]).toEqual([record.id, name("3"), before]);
    expect(leftovers()).toEqual([]);
  });

  test("goes on by itself when the host can be reached again", async () => {
    const other = await make("4", [base, randomBytes(6_000_000)]);
    proxy.cutAfter = 3_000_000;
    await withHost(host, "", (run) => deliverImage(run, { reference: name("4"), record: other, blobs }));
    expect([has("4"), current()]).toEqual([other.id, name("4")]);
  });
});

describe("what is not right is never loaded", () => {
  let record: ImageRecord;
  beforeAll(async () => (record = await make("5", [base, randomBytes(2_000_000)])));
  const top = () => record.layers[1] ?? fail();
  const fail = (): never => {
    throw new Error("the image has no such layer");
  };
  const place = (kind: string) =>
    engine.host.path("docker/convocate-layers", `${top().packed.sha256}.${kind}`);
  const damaged = (bytes: Buffer) => Buffer.concat([Buffer.from([(bytes[0] ?? 0) ^ 1]), bytes.subarray(1)]);

  async function refused(why: RegExp): Promise<void> {
    const before = [current(), previous()];
    await expect(deliver("5", record)).rejects.toThrow(why);
    expect(has("5")).toBeNull();
    expect([current(), previous()]).toEqual(before);
  }

  test("a part that changed on the host: the next delivery sends it anew", async () => {
    proxy.cutAfter = 1_000_000;
    await refused(/sending/);
    writeFileSync(place("partial"), damaged(readFileSync(place("partial"))));
    await refused(/arrived damaged and was removed: run "pulumi up" again/);
    expect(leftovers()).toEqual([]);
  });

  test("a part that is longer than the whole", async () => {
    proxy.cutAfter = 1_000_000;
    await refused(/sending/);
    truncateSync(place("partial"), 3_000_000);
    await refused(/arrived damaged and was removed/);
  });

  test("a file that is not what its name says", async () => {
    const bytes = readFileSync(blobFile(blobs, top()));
    proxy.cutAfter = 1_000_000;
    await refused(/sending/);
    writeFileSync(place("zst"), damaged(bytes));
    await refused(/loading [^]* is damaged or does not fit on the disk, and was removed/);
    expect(existsSync(place("zst"))).toBe(false);
  });

  test("a file on this machine that changed since it was made", async () => {
    const bytes = readFileSync(blobFile(blobs, top()));
    writeFileSync(blobFile(blobs, top()), damaged(bytes));
    await refused(/is damaged: remove it, and build again/);
    writeFileSync(blobFile(blobs, top()), bytes);
  });

  test("layers that do not make the image", async () => {
    const right = record;
    const layers = [...right.layers].reverse();
    record = { ...right, layers };
    await refused(/loading .* ended with status 65/);
    record = right;
  });

  test("an image for another kind of machine", async () => {
    const right = record;
    record = { ...right, architecture: "riscv64" };
    await refused(
      /the host is (amd64|arm64) and the image is for riscv64: build it on a machine like the host/,
    );
    record = right;
  });

  test("when it is right again it is loaded", async () => {
    await deliver("5", record);
    expect([has("5"), current()]).toEqual([record.id, name("5")]);
    expect(leftovers()).toEqual([]);
  });
});

test("an image that was loaded and not named is named", async () => {
  const record = await make("6", [base, Buffer.from("six")]);
  const reference = name("6");
  await deliver("6", record);
  writeFileSync(engine.host.path("etc/convocate-agent/current-image"), `${name("5")}\n`);
  expect(await deliver("6", record)).toEqual({ layers: 0, sent: 0 });
  expect([current(), previous()]).toEqual([reference, name("5")]);
});
