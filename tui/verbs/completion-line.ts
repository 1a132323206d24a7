/** A quote that is still open at the end of a line. */
export type Quote = "" | "'" | '"';

/** A command line up to the cursor, as bash reads it; quotes and backslashes are taken away. */
export interface Line {
  /** Words that are complete, the command's name first. */
  words: string[];
  /** The one at the cursor; empty when there is a blank before it. */
  current: string;
  quote: Quote;
}

/** Unlike `splitWords`, for a line that is still being typed. Nothing is expanded. */
export function readLine(text: string): Line {
  const line: Line = { words: [], current: "", quote: "" };
  let begun = false;
  const finish = () => {
    if (begun) line.words.push(line.current);
    line.current = "";
    begun = false;
  };
  for (let i = 0; i < text.length; i += 1) {
    const char = text.charAt(i);
    const escapes = line.quote === "" || (line.quote === '"' && /["\\$`]/.test(text.charAt(i + 1)));
    if (line.quote === "" && /\s/.test(char)) {
      finish();
      continue;
    }
    begun = true;
    if (char === "\\" && escapes) {
      i += 1;
      line.current += text.charAt(i);
    } else if (char === line.quote) line.quote = "";
    else if (line.quote === "" && (char === "'" || char === '"')) line.quote = char;
    else line.current += char;
  }
  return line;
}

/** What may stand in a word of bash's as it is: no character that bash, readline or its word breaks take for something else. */
const special = /[^A-Za-z0-9_./,+%\u{80}-\u{10ffff}-]/gu;

/** `text` as it is typed after `quote`, so that bash reads exactly it; null where that cannot be typed. */
export function quoted(text: string, quote: Quote): string | null {
  if (quote === "") return text.replace(special, String.raw`\$&`);
  // Between double quotes a `!` recalls history, and a backslash before it would stay.
  if (quote === '"' && text.includes("!")) return null;
  const typed =
    quote === "'" ? text.replaceAll("'", String.raw`'\''`) : text.replace(/["\\$`]/g, String.raw`\$&`);
  // readline closes the quote, unless it stands there as the last character already.
  return text.endsWith(quote) ? typed + quote : typed;
}

/** Of these values those that continue `line`, as what bash is to put in place of `replaced`, the line's end. */
export function inBash(values: readonly string[], line: string, replaced: string): string[] {
  if (!line.endsWith(replaced)) return [];
  const { current, quote } = readLine(line);
  const kept = readLine(line.slice(0, line.length - replaced.length)).current;
  return values
    .filter((value) => value.startsWith(current))
    .flatMap((value) => quoted(value.slice(kept.length), quote) ?? []);
}
