import type { State } from "../state/state.ts";
import { footerLine, messageLine } from "./footer.ts";
import { fitLine, type Line } from "./line.ts";
import { panelLines, type Caret } from "./panel.ts";
import { headerLine, tableLines } from "./table.ts";
import { titleLine } from "./title.ts";

/** A whole screen: exactly as many lines as it has, each exactly as wide. */
export interface Frame {
  lines: Line[];
  /** Where the cursor is shown; null: nowhere. */
  caret: Caret | null;
}

export function frameOf(state: State): Frame {
  const { cols, rows } = state.size;
  const table = tableLines(state);
  const panel = panelLines(state);
  const above = [titleLine(state), headerLine(cols), ...table];
  const lines = [...above, ...panel.lines, messageLine(state), footerLine(state)].slice(0, rows);
  while (lines.length < rows) lines.push(fitLine([], cols));
  const caret = panel.caret && { row: above.length + panel.caret.row, col: panel.caret.col };
  return { lines, caret: caret && caret.row < rows ? caret : null };
}
