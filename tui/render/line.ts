import { clip, width } from "./width.ts";

/** How text looks. Every meaning has an attribute too: colour alone says nothing on a monochrome terminal. */
export interface Style {
  bold?: boolean;
  dim?: boolean;
  reverse?: boolean;
  color?: "red" | "green" | "yellow" | "cyan";
}

export interface Span {
  text: string;
  style: Style;
}

/** One line of the screen, at most as wide as the screen. */
export type Line = Span[];

export const span = (text: string, style: Style = {}): Span => ({ text, style });

/** The line as plain text, as tests compare it. */
export const lineText = (line: Line): string => line.map(({ text }) => text).join("");

/** The line cut or filled to exactly `columns`; the filling looks as `style` says. */
export function fitLine(line: Line, columns: number, style: Style = {}): Line {
  const out: Line = [];
  let left = columns;
  for (const { text, style: own } of line) {
    if (left <= 0) break;
    const cut = clip(text, left);
    left -= width(cut);
    out.push({ text: cut, style: own });
  }
  return left > 0 ? [...out, span(" ".repeat(left), style)] : out;
}
