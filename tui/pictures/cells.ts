import headless, { type IBufferCell } from "@xterm/headless";

/** A character of a screen, with what it looks like. */
export interface Cell {
  /** Empty behind a wide character. */
  text: string;
  bold: boolean;
  dim: boolean;
  reverse: boolean;
  /** Of the eight of ECMA-48, 0 to 7; null: the terminal's own. */
  color: number | null;
}

/** A screen as somebody sees it; lines are as wide as the terminal. */
export interface Shot {
  cells: Cell[][];
  /** Where the cursor is shown. */
  cursor: { row: number; col: number } | null;
}

/** The cells of a screen that is written as text and SGR sequences, a line for each of its lines. */
export async function readCells(
  text: string,
  { cols, rows }: { cols: number; rows: number },
): Promise<Cell[][]> {
  const terminal = new headless.Terminal({ cols, rows, allowProposedApi: true });
  try {
    const written = text.replace(/\n$/, "").replaceAll("\n", "\r\n");
    await new Promise<void>((resolve) => terminal.write(written, resolve));
    const { active } = terminal.buffer;
    return Array.from({ length: rows }, (_, row) =>
      Array.from({ length: cols }, (_, col) => cellOf(active.getLine(row)?.getCell(col))),
    );
  } finally {
    terminal.dispose();
  }
}

const cellOf = (cell: IBufferCell | undefined): Cell => ({
  text: cell === undefined || cell.getWidth() === 0 ? "" : cell.getChars() || " ",
  bold: Boolean(cell?.isBold()),
  dim: Boolean(cell?.isDim()),
  reverse: Boolean(cell?.isInverse()),
  color: cell?.isFgPalette() ? cell.getFgColor() % 8 : null,
});
