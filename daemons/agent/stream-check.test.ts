import { createHash } from "node:crypto";
import { StreamCheck } from "./stream-check.ts";

const content = Buffer.from("a home, packed");
const whole = Buffer.concat([content, createHash("sha256").update(content).digest()]);

/** What is told to be content of `bytes`, that come in parts of this size. */
function taken(bytes: Buffer, size: number, maxBytes = 1_000): { content: string; sum: string } {
  const check = new StreamCheck(maxBytes);
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) parts.push(check.take(bytes.subarray(at, at + size)));
  return { sum: check.end(), content: Buffer.concat(parts).toString() };
}

test.each([1, 2, 31, 32, 33, 45, 46, 1_000])(
  "in parts of %i bytes the sum is never taken for content",
  (size) => {
    const sum = createHash("sha256").update(content).digest("hex");
    expect(taken(whole, size)).toEqual({ content: content.toString(), sum });
  },
);

test("nothing at all may be content; a stream without its whole sum is refused wherever it ends", () => {
  const nothing = createHash("sha256").update("").digest();
  expect(taken(nothing, 8).content).toBe("");
  for (let end = 0; end < whole.length; end += 1)
    expect(() => taken(whole.subarray(0, end), 7)).toThrow("is not what was sent");
});

test("more than there is room for ends it, and exactly as much does not", () => {
  expect(taken(whole, 5, content.length).content).toHaveLength(content.length);
  expect(() => taken(whole, 5, content.length - 1)).toThrow("more came than there is room for, 13 bytes");
});
