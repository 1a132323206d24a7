import { PassThrough, Readable } from "node:stream";
import { readBounded, withoutHeaders } from "./output.ts";

const framed = (kind: number, text: string) => {
  const header = Buffer.alloc(8);
  header[0] = kind;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
};

test("what a container prints, without the engine's headers; a broken last piece is no error", () => {
  const all = Buffer.concat([framed(1, "out\n"), framed(2, "é err\n"), framed(1, ""), framed(1, "cut off")]);
  expect(withoutHeaders(all.subarray(0, all.length - 3)).toString()).toBe("out\né err\ncut ");
  expect(withoutHeaders(Buffer.alloc(0)).toString()).toBe("");
});

test("a character in two chunks is one character", async () => {
  const bytes = Buffer.from("é");
  const stream = Readable.from([bytes.subarray(0, 1), bytes.subarray(1)], { objectMode: false });
  expect(await readBounded(stream)).toEqual({ output: "é", whole: true });
});

test("output without end is broken off", async () => {
  const stream = new Readable({
    read() {
      this.push(Buffer.alloc(1000, "y"));
    },
  });
  const { output, whole } = await readBounded(stream, { bytes: 10_000, ms: 60_000 });
  expect(whole).toBe(false);
  expect(output.length).toBeLessThan(200_000);
  expect(stream.destroyed).toBe(true);
});

test("a program that never ends is left to itself, with what it had said", async () => {
  const stream = new PassThrough();
  stream.write("so far");
  expect(await readBounded(stream, { bytes: 100, ms: 20 })).toEqual({ output: "so far", whole: false });
  expect(stream.destroyed).toBe(true);
});
