import fc from "fast-check";
import { clean } from "./clean.ts";
import { clip, fit, width, wrap } from "./width.ts";

test("what could act on the terminal or lie about itself becomes a visible question mark", () => {
  const hostile: [string, string][] = [
    ["\x1b[31mred", "?[31mred"],
    ["\x1b]0;title\x07", "?]0;title?"],
    ["a\u009b2Jb", "a?2Jb"],
    ["abc\u202egnp.exe", "abc?gnp.exe"],
    ["zero\u200bwidth\u2060\ufeff", "zero?width?"],
    ["two\r\nlines\u2028x", "two?lines?x"],
    ["half \ud800 pair", "half ? pair"],
    ["tag\u{e0041}", "tag?"],
    ["\u0301\u0593mark", "?mark"],
  ];
  for (const [text, shown] of hostile) expect(clean(text)).toBe(shown);
});

test("ordinary text of any language stays as it is", () => {
  for (const text of ["work", "Ünïcödé", "漢字かな", "עברית", "हिन्दी", "😀"]) expect(clean(text)).toBe(text);
});

test("stacked marks end where they would spill over other lines", () => {
  expect(clean(`a${"\u0301\u0316".repeat(40)}b`).length).toBeLessThan(8);
});

test("nothing that is cleaned keeps a control, format or surrogate character", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(clean(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u);
    }),
  );
});

test("clipping and filling give the width asked for, and never half a character", () => {
  expect(clip("abcdef", 4)).toBe("abc~");
  expect(clip("漢字漢字", 5)).toBe("漢字~");
  expect(clip("漢字漢字", 4)).toBe("漢~");
  expect(clip("abc", 0)).toBe("");
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 0, max: 30 }), (text, columns) => {
      expect(width(fit(clean(text), columns))).toBe(columns);
    }),
  );
});

test("wrapping breaks at spaces, and long words where it must; what does not fit ends in a mark", () => {
  expect(wrap("port 80/tcp is already assigned", 12, 3)).toEqual(["port 80/tcp", "is already", "assigned"]);
  expect(wrap("abcdefghij", 4, 3)).toEqual(["abcd", "efgh", "ij"]);
  expect(wrap("one two three four", 5, 2)).toEqual(["one", "two ~"]);
  expect(wrap("", 10, 3)).toEqual([]);
});
