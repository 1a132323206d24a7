import type { Frame } from "./frame.ts";
import type { Line, Style } from "./line.ts";
import { width } from "./width.ts";

const colorCodes = { red: 31, green: 32, yellow: 33, cyan: 36 };

/** Turns frames into what has to be written to a terminal that shows the frame before. Whole lines at a time. */
export class Differ {
  readonly #colors: boolean;
  #shown: string[] = [];
  #caret = "";

  /** `colors`: false on a monochrome terminal; attributes say the same. */
  constructor({ colors }: { colors: boolean }) {
    this.#colors = colors;
  }

  /** Forgets what is on the screen: the next frame is drawn whole. */
  reset(): void {
    this.#shown = [];
    this.#caret = "";
  }

  /** Empty when the screen shows the frame already. */
  draw({ lines, caret }: Frame): string {
    const encoded = lines.map((line) => this.#encode(line));
    const changed = encoded.flatMap((line, row) =>
      line === this.#shown[row] ? [] : [`\x1b[${String(row + 1)};1H\x1b[0m\x1b[2K${line}`],
    );
    const cursor = caret ? `\x1b[${String(caret.row + 1)};${String(caret.col + 1)}H\x1b[?25h` : "\x1b[?25l";
    if (changed.length === 0 && cursor === this.#caret) return "";
    const whole = this.#shown.length === encoded.length ? "" : "\x1b[0m\x1b[2J";
    this.#shown = encoded;
    this.#caret = cursor;
    // 2026: terminals that know it show the frame at once; others ignore it.
    return `\x1b[?2026h\x1b[?25l${whole}${changed.join("")}\x1b[0m${cursor}\x1b[?2026l`;
  }

  #encode(line: Line): string {
    let column = 1;
    let sure = true;
    let out = "";
    for (const { text, style } of line) {
      // Terminals differ about the width of some characters: after one, the column is said, not assumed.
      if (!sure) out += `\x1b[${String(column)}G`;
      out += `${this.#sgr(style)}${text}`;
      column += width(text);
      sure = /^[\x20-\x7e]*$/.test(text);
    }
    return out;
  }

  #sgr({ bold, dim, reverse, color }: Style): string {
    const codes = [0];
    if (bold) codes.push(1);
    if (dim) codes.push(2);
    if (reverse) codes.push(7);
    if (color && this.#colors) codes.push(colorCodes[color]);
    return `\x1b[${codes.join(";")}m`;
  }
}
