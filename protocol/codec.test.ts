import fc from "fast-check";
import { encodeLine, LineSplitter } from "./codec.ts";

test("lines come out as they went in, however the bytes were cut", () => {
  fc.assert(
    fc.property(fc.array(fc.string()), fc.array(fc.nat(200)), (values, cuts) => {
      const bytes = Buffer.from(values.map(encodeLine).join(""));
      const edges = [0, ...cuts.map((c) => c % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
      const splitter = new LineSplitter(1 << 20);
      const lines = edges.slice(1).flatMap((end, i) => splitter.push(bytes.subarray(edges[i], end)));
      expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(values);
      expect(splitter.rest).toBe("");
    }),
  );
});

test("a line that never ends is refused at the limit, not collected", () => {
  const splitter = new LineSplitter(10);
  expect(splitter.push(Buffer.from("0123456789"))).toEqual([]);
  expect(() => splitter.push(Buffer.from("x"))).toThrow("line over 10 characters");
  expect(splitter.rest).toBe("");
});
