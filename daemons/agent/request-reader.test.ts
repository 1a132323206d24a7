import fc from "fast-check";
import { RequestReader } from "./request-reader.ts";

/** Everything that comes out of `bytes`, cut at `cuts`; the message of what was thrown comes last. */
function read(bytes: Buffer, cuts: number[], limit = 1 << 20): string[] {
  const edges = [0, ...cuts.map((c) => c % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const reader = new RequestReader(limit);
  const found: string[] = [];
  try {
    for (let i = 1; i < edges.length; i++)
      for (const text of reader.push(bytes.subarray(edges[i - 1], edges[i]))) found.push(text);
    const rest = reader.end();
    return rest === null ? found : [...found, rest];
  } catch (error) {
    return [...found, String(error)];
  }
}
const cuts = fc.array(fc.nat(), { maxLength: 40 });

test("objects come out as they went in, whatever is in them and however the bytes are cut", () => {
  const requests = fc.array(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()), { maxLength: 8 });
  fc.assert(
    fc.property(requests, cuts, fc.constantFrom("", "\n", " \n\r\n"), (values, at, between) => {
      const bytes = Buffer.from(values.map((value) => JSON.stringify(value)).join(between));
      expect(read(bytes, at).map((text) => JSON.parse(text) as unknown)).toEqual(
        JSON.parse(JSON.stringify(values)),
      );
    }),
  );
});

test("any bytes give the same requests, however they are cut", () => {
  const byte = fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('{}[]"\\\n ')));
  const bytes = fc.array(byte, { maxLength: 200 }).map((list) => Buffer.from(list));
  fc.assert(
    fc.property(bytes, cuts, fc.integer({ min: 1, max: 100 }), (all, at, limit) => {
      expect(read(all, at, limit)).toEqual(read(all, [], limit));
    }),
    { numRuns: 1000 },
  );
});

test("a request of the limit is taken, of one byte more is refused; what came before it is still heard", () => {
  const small = '{"op":"a"}';
  const text = (length: number) => `{"op":"${"x".repeat(length - 9)}"}`;
  expect(read(Buffer.from(small + text(100)), [], 100)).toEqual([small, text(100)]);
  expect(read(Buffer.from(small + text(101)), [], 100)).toEqual([
    small,
    "RangeError: request over 100 bytes",
  ]);
});

test.each([
  ['{"op":"ping"}', ['{"op":"ping"}']],
  ['{"a":"}{\\"\\\\"}{"b":1}', ['{"a":"}{\\"\\\\"}', '{"b":1}']],
  ['{"a":[{"b":[]}]}x\n', ['{"a":[{"b":[]}]}', "x\n"]],
  ['{"open":\n{"op":1}', ['{"open":\n', '{"op":1}']],
  ['"unended\n{}', ['"unended\n', "{}"]],
  ["null", ["null"]],
  ["}]", ["}", "]"]],
  ["\n \n", []],
])("%j ends where spec/2 says", (text, wanted) => {
  expect(read(Buffer.from(text), [])).toEqual(wanted);
});
