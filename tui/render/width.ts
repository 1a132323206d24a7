import stringWidth from "string-width";

const ascii = /^[\x20-\x7e]*$/;
const segmenter = new Intl.Segmenter();

/** Columns that cleaned text takes on a terminal. */
export const width = (text: string): number => (ascii.test(text) ? text.length : stringWidth(text));

/** The text cut to at most `columns`; a cut one ends in `~`. Wide characters are never halved. */
export function clip(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  if (columns < 1) return "";
  return `${prefix(text, columns - 1)}~`;
}

/** The longest beginning of the text that fits. */
function prefix(text: string, columns: number): string {
  if (ascii.test(text)) return text.slice(0, columns);
  let out = "";
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    used += width(segment);
    if (used > columns) break;
    out += segment;
  }
  return out;
}

/** The text in exactly `columns` columns: cut, or filled with spaces. */
export function fit(text: string, columns: number): string {
  const cut = clip(text, columns);
  return cut + " ".repeat(Math.max(0, columns - width(cut)));
}

/** The text in lines of at most `columns`, broken at spaces where there are any; at most `lines` of them. */
export function wrap(text: string, columns: number, lines: number): string[] {
  const out: string[] = [];
  let rest = text.trim();
  while (rest !== "" && out.length < lines) {
    if (width(rest) <= columns || out.length === lines - 1) {
      out.push(clip(rest, columns));
      break;
    }
    const whole = prefix(rest, columns);
    const space = rest[whole.length] === " " ? whole.length : whole.lastIndexOf(" ");
    // At least one character a line, however narrow the screen.
    const cut = space > 0 ? space : Math.max(1, whole.length);
    out.push(rest.slice(0, cut).trimEnd());
    rest = rest.slice(cut).trimStart();
  }
  return out;
}
