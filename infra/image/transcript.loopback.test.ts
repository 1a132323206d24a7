/** The filter behind a session's transcript, as a process. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

function transcript(input: string | Buffer): string {
  const { stdout, status } = spawnSync("perl", [join(import.meta.dirname, "transcript.pl")], {
    input,
    maxBuffer: 64 << 20,
    timeout: 60_000,
  });
  expect(status).toBe(0);
  return stdout.toString();
}

test.each([
  ["colours", "\x1b[1;31mred\x1b[0m\r\n", "red\n"],
  ["a title and a clipboard", "\x1b]0;evil\x07a\x1b]52;c;ZXZpbA==\x1b\\b\n", "ab\n"],
  ["a device string", "\x1bPevil\x1b\\text\n", "text\n"],
  ["a line that is written over", "10 %\r20 %\rdone\r\n", "done\n"],
  ["controls, blank lines", "a\x00\x08b\x7f\n\n \r\nc\td\n", "ab\nc\td\n"],
  ["a last line without an end", "é 漢", "é 漢\n"],
  ["nothing", "", ""],
])("%s: text only", (_, input, text) => {
  expect(transcript(input)).toBe(text);
});

test("a flood is left out, the size of what is missing is told; a line without end is cut", () => {
  const flood = transcript(Buffer.alloc(50_000_000, "y\n"));
  // A second's worth, of however many seconds reading it took.
  expect(flood.length).toBeLessThan(1_000_000);
  expect(flood).toMatch(/^y\ny\n/);
  expect(flood).toMatch(/\[\d+ bytes left out\]\n$/);
  const long = transcript(Buffer.alloc(10_000, "x"));
  expect(Math.max(...long.split("\n").map((line) => line.length))).toBe(4096);
  expect(long.replaceAll("\n", "")).toHaveLength(10_000);
});
