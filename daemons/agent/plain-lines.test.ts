import { plainLines } from "./plain-lines.ts";

test("the last lines, without blank ones at the end", () => {
  expect(plainLines("a\r\nb  \r\n\r\nc\r\n\r\n  \r\n", 3)).toEqual(["b", "", "c"]);
  expect(plainLines("", 200)).toEqual([]);
});

test.each([
  ["colours", "\x1b[1;31mred\x1b[0m", "red"],
  ["a title", "\x1b]0;evil\x07text", "text"],
  ["a clipboard, ended the other way", "\x1b]52;c;ZXZpbA==\x1b\\text", "text"],
  ["C1 forms", "\x9b2Ja\x9d0;evil\x9cb", "ab"],
  ["a device string", "\x1bPevil\x1b\\text", "text"],
  ["an unfinished sequence", "text\x1b]0;evil", "text"],
  ["a character set", "\x1b(0text\x1b7", "text"],
  ["controls", "a\x00\x07\x08b\x7fc\td", "abc    d"],
  ["half a surrogate pair", "a\ud800b", "a\ufffdb"],
])("%s: text only", (_, hostile, harmless) => {
  expect(plainLines(hostile, 10)).toEqual([harmless]);
});

test("lines and all of them together are bounded, and the last ones are kept", () => {
  expect(plainLines("x".repeat(1 << 20), 10)[0]).toHaveLength(16_384);
  const many = Array.from({ length: 2_000 }, (_, n) => `${String(n)} ${"\\".repeat(2_000)}`).join("\n");
  const lines = plainLines(many, 2_000);
  expect(Buffer.byteLength(JSON.stringify(lines))).toBeLessThanOrEqual((1 << 20) + 1);
  expect(lines.at(-1)).toMatch(/^1999 /);
  expect(lines.length).toBeGreaterThan(200);
});

test("no input takes long", () => {
  const began = performance.now();
  for (const piece of ["\x1b]", "\x1bP", "\x1b[0", "\x1b ", "\r"]) plainLines(piece.repeat(1 << 19), 2_000);
  expect(performance.now() - began).toBeLessThan(5_000);
});
