import fc from "fast-check";
import { inBash, quoted, readLine, type Quote } from "./completion-line.ts";
import { splitWords } from "./words.ts";

test("a line that is still being typed: complete words, the one at the cursor, an open quote", () => {
  expect(readLine("convocate get my\\ w")).toEqual({
    words: ["convocate", "get"],
    current: "my w",
    quote: "",
  });
  expect(readLine("convocate get 'my w")).toMatchObject({ current: "my w", quote: "'" });
  expect(readLine('convocate get "a\\"b\\c ')).toMatchObject({ current: 'a"b\\c ', quote: '"' });
  expect(readLine("convocate get 'a' ")).toEqual({
    words: ["convocate", "get", "a"],
    current: "",
    quote: "",
  });
  expect(readLine("convocate ''")).toMatchObject({ words: ["convocate"], current: "" });
  expect(readLine("a\\")).toMatchObject({ current: "a" });
});

const anyQuote = fc.constantFrom<Quote>("", "'", '"');
/** What stands at a cursor while `quote` is open. */
const opened = (quote: Quote, text: string) => `convocate get ${quote}${quoted(text, quote) ?? ""}`;

test("what is inserted is read as exactly the word that was meant", () => {
  const word = fc.string({ unit: fc.constantFrom(..."ab \\\"'$`!;&|<>(){}[]*?~#:=@^é"), minLength: 1 });
  fc.assert(
    fc.property(word, anyQuote, (text, quote) => {
      if (quoted(text, quote) === null) return;
      const line = opened(quote, text);
      // readline closes a quote that is open, unless the line ends with it.
      const closed = quote === "" || line.endsWith(quote) ? line : line + quote;
      expect(splitWords(closed)).toEqual(["convocate", "get", text]);
    }),
  );
});

test("only the end of the line that bash replaces is given: after a quote, after its word breaks", () => {
  const values = ["--agent=agent-a", "my work", "it's"];
  expect(inBash(values, "convocate get my", "my")).toEqual(["my\\ work"]);
  expect(inBash(values, "convocate get 'my w", "my w")).toEqual(["my work"]);
  expect(inBash(values, "convocate get my' w", " w")).toEqual([" work"]);
  expect(inBash(values, "convocate get 'it", "it")).toEqual(["it'\\''s"]);
  expect(inBash(values, "convocate get --agent=ag", "ag")).toEqual(["agent-a"]);
  expect(inBash(["a:b c"], "convocate get a:b", "b")).toEqual(["b\\ c"]);
  expect(inBash(values, "convocate get ", "")).toEqual(["--agent\\=agent-a", "my\\ work", "it\\'s"]);
  expect(inBash(values, "convocate get my", "other")).toEqual([]);
});

test("what cannot be typed between double quotes is left out", () => {
  expect(inBash(["bang!", "bank"], 'convocate get "ban', "ban")).toEqual(["bank"]);
});
