import { clean } from "../render/clean.ts";
import { width } from "../render/width.ts";

/** Rows of text in columns as wide as their widest cell, two blanks apart. */
export function inColumns(rows: string[][]): string {
  const cells = rows.map((row) => row.map(clean));
  const widths = (cells[0] ?? []).map((_, i) => Math.max(...cells.map((row) => width(row[i] ?? ""))));
  const line = (row: string[]) =>
    row.map((cell, i) => cell + " ".repeat(Math.max(0, (widths[i] ?? 0) - width(cell)))).join("  ");
  return cells.map((row) => `${line(row).trimEnd()}\n`).join("");
}
