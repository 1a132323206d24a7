import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { FakeClock } from "../host/clock.fake.ts";
import { forged, summed } from "./import-client.fake.ts";
import { unpack } from "./unpack.ts";

let home: string;
let input: PassThrough;
let clock: FakeClock;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "convocate-unpack-"));
  input = new PassThrough();
  clock = new FakeClock();
});
afterEach(() => rmSync(home, { recursive: true }));
const unpacking = () => unpack(input, home, { maxBytes: 1 << 30, clock });

test("who sends nothing for a minute does not hold the session's lock any longer", async () => {
  const ended = unpacking();
  input.write((await forged({ name: "file", content: "x" })).subarray(0, 600));
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(59_000);
  input.write(Buffer.alloc(1));
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(59_000);
  let over = false;
  void ended.catch(() => (over = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(over).toBe(false);
  clock.advance(1_000);
  await expect(ended).rejects.toMatchObject({ code: "copy_failed", message: "nothing came for 60 s" });
});

test("a stream that was over before anybody looked is taken for what it is", async () => {
  input.end();
  input.resume();
  await new Promise((resolve) => input.once("end", resolve));
  await expect(unpacking()).rejects.toMatchObject({ code: "copy_failed" });
});

test("what tar is told by the environment changes nothing: the agent's own is not handed on", async () => {
  process.env["TAR_OPTIONS"] = "--transform=s/file/other/";
  try {
    const ended = unpacking();
    input.end(summed(await forged({ name: "file", content: "x" })));
    await ended;
  } finally {
    delete process.env["TAR_OPTIONS"];
  }
  expect(readdirSync(home)).toEqual(["file"]);
});
