import fc from "fast-check";
import { InputFilter, type Input } from "./input-filter.ts";

const keys = (inputs: Input[]) => inputs.map(({ kind, text }) => `${kind}:${text}`);
const all = (...chunks: string[]): string[] => {
  const filter = new InputFilter();
  return [...chunks.flatMap((chunk) => keys(filter.push(chunk))), ...keys(filter.flush())];
};

test("keys pass; the many forms of one key become one", () => {
  expect(all("q")).toEqual(["keys:q"]);
  expect(all("\r")).toEqual(["keys:\r"]);
  expect(all("\x1b[A", "\x1bOA")).toEqual(["keys:\x1b[A", "keys:\x1b[A"]);
  expect(all("\x1b[1~\x1b[7~\x1bOH\x1b[H")).toEqual(Array(4).fill("keys:\x1b[H"));
  expect(all("漢é")).toEqual(["keys:漢é"]);
});

test("a sequence cut by a read is one key; an escape alone is the key", () => {
  expect(all("\x1b", "[", "5", "~")).toEqual(["keys:\x1b[5~"]);
  expect(all("\x1b")).toEqual(["keys:\x1b"]);
  expect(all("\x1b\x1b")).toEqual(["keys:\x1b", "keys:\x1b"]);
});

test("answers of the terminal, mouse reports and unknown keys are dropped whole: their letters kill nothing", () => {
  const noise = [
    "\x1b[?1;2c",
    "\x1b[24;80R",
    "\x1b]10;rgb:dddd/dddd/dddd\x07",
    "\x1b]11;rgb:0000/0000/0000\x1b\\",
    "\x1bP1+r544e=787465726d\x1b\\",
    "\x1b[<0;10;10M",
    "\x1b[M !!",
    "\x1b[I",
    "\x1b[1;5D",
    "\x1bk",
    "\u009b\ufffd",
  ];
  for (const sequence of noise) expect(all(sequence)).toEqual([]);
  expect(all(...noise.join("").split(""))).toEqual([]);
});

test("a paste is one piece of text, wherever reads cut it, and never keys", () => {
  const paste = "\x1b[200~dy\r\x1b[Ak\x1b[201~n";
  expect(all(paste)).toEqual(["paste:dy\r\x1b[Ak", "keys:n"]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: paste.length })), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), paste.length];
      expect(all(...at.slice(1).map((end, i) => paste.slice(at[i], end)))).toEqual(all(paste));
    }),
  );
});

test("a paste without an end, or with a late one, takes no more memory than any field holds", () => {
  const filter = new InputFilter();
  filter.push("\x1b[200~");
  for (let i = 0; i < 100; i += 1) expect(filter.push("x".repeat(10_000))).toEqual([]);
  const [paste] = filter.push("\x1b[201~");
  expect(paste).toEqual({ kind: "paste", text: "x".repeat(65_536) });
});

// eslint-disable-next-line no-control-regex
const knownKey = /^\x1b(\[([ABCDHFZ]|[356]~)|OM)?$/;

test("random bytes: it ends, and whatever escape gets through begins a key that we know", () => {
  const unit = fc.constantFrom(..."\x1b[]OPM?;0123456789~ABCHFZkdyq\x07\\\r\x00\u009b漢".split(""));
  fc.assert(
    fc.property(fc.array(fc.string({ unit, maxLength: 30 })), (chunks) => {
      const filter = new InputFilter();
      const out = chunks.flatMap((chunk) => filter.push(chunk));
      for (const { kind, text } of out) {
        if (kind === "keys" && text.includes("\x1b")) expect(text).toMatch(knownKey);
      }
    }),
    { numRuns: 2000 },
  );
});
