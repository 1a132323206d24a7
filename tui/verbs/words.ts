import { ConvocateError } from "../../protocol/errors.ts";

/** Splits a command line as a shell would, quotes and backslashes included; nothing is ever expanded or run. */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  for (let i = 0; i < line.length; i += 1) {
    const char = line.charAt(i);
    if (/\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (char === "'" || char === '"') {
      const { text, end } = quoted(line, i);
      word = (word ?? "") + text;
      i = end;
    } else {
      if (char === "\\") i += 1;
      word = (word ?? "") + line.charAt(i);
    }
  }
  if (word !== null) words.push(word);
  return words;
}

/** The text between the quote at `start` and its partner at `end`. */
function quoted(line: string, start: number): { text: string; end: number } {
  const quote = line.charAt(start);
  let text = "";
  for (let i = start + 1; i < line.length; i += 1) {
    const char = line.charAt(i);
    if (char === quote) return { text, end: i };
    // POSIX: between double quotes a backslash escapes these only.
    if (quote === '"' && char === "\\" && /["\\$`]/.test(line.charAt(i + 1))) i += 1;
    text += line.charAt(i);
  }
  throw new ConvocateError("usage", `a ${quote} is not closed in: ${line}`);
}
