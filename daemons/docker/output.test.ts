import { PassThrough, Readable } from "node:stream";
import { readBounded, readPrinted, withoutHeaders } from "./output.ts";

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

test("lines with their times, however they are cut on their way; a long one comes in pieces", async () => {
  const lines = [
    "2026-01-01T00:00:00.000000001Z one\n",
    "2026-01-01T00:00:00.000000002Z é two ",
    "T3 \n",
    "T4 x\n",
  ];
  const all = Buffer.concat(lines.map((line, i) => framed(1 + (i % 2), line)));
  for (let size = 1; size <= all.length; size += 7) {
    const chunks: Buffer[] = [];
    for (let at = 0; at < all.length; at += size) chunks.push(all.subarray(at, at + size));
    const read = [];
    for await (const printed of readPrinted(Readable.from(chunks))) read.push(printed);
    expect(read).toEqual([
      { time: "2026-01-01T00:00:00.000000001Z", text: "one", ends: true },
      { time: "2026-01-01T00:00:00.000000002Z", text: "é two ", ends: false },
      { time: "T3", text: "", ends: true },
      { time: "T4", text: "x", ends: true },
    ]);
  }
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
