import type { Cell, Shot } from "./cells.ts";

/** Size of a cell, of its letters, and of the edge around the screen, in units of the picture. */
const cell = { width: 8.4, height: 18, font: 14, baseline: 13.5 };
const edge = 10;

/** A screen of its own: it looks the same on a light page and on a dark one. */
const paper = "#1b1f27";
const ink = "#d8dee9";
const frame = "#6b7280";
const palette = ["#3b4252", "#ff7b72", "#7ee787", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#ffffff"];

/** Cells next to each other that look the same. */
interface Run {
  col: number;
  width: number;
  text: string;
  look: Cell;
}

/** A picture of a terminal, as SVG; `title` is what it is called where it cannot be seen. */
export function svgOf({ cells, cursor }: Shot, title: string): string {
  const cols = cells[0]?.length ?? 0;
  const width = round(cols * cell.width + 2 * edge);
  const height = cells.length * cell.height + 2 * edge;
  const lines = cells.flatMap((line, row) => runsOf(line).map((run) => runSvg(run, row)));
  const caret = cursor
    ? [box({ row: cursor.row, col: cursor.col, width: 1 }, `fill="${ink}" opacity=".6"`)]
    : [];
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(width)} ${String(height)}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect x=".5" y=".5" width="${String(width - 1)}" height="${String(height - 1)}" rx="6" fill="${paper}" stroke="${frame}"/>`,
    `<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="${String(cell.font)}" fill="${ink}" xml:space="preserve">`,
    ...lines.filter((line) => line !== ""),
    ...caret,
    "</g>",
    "</svg>",
  ].join("\n")}\n`;
}

/** A wide character stands alone: fonts differ about its width, and the column of what follows is said. */
function runsOf(line: Cell[]): Run[] {
  const runs: Run[] = [];
  for (const [col, look] of line.entries()) {
    if (look.text === "") continue;
    const width = line[col + 1]?.text === "" ? 2 : 1;
    const last = runs.at(-1);
    if (last && width === 1 && last.width === last.text.length && alike(last.look, look)) {
      last.width += 1;
      last.text += look.text;
    } else runs.push({ col, width, text: look.text, look });
  }
  return runs;
}

const alike = (a: Cell, b: Cell): boolean =>
  a.bold === b.bold && a.dim === b.dim && a.reverse === b.reverse && a.color === b.color;

function runSvg({ col, width, text, look }: Run, row: number): string {
  const color = (look.color === null ? undefined : palette[look.color]) ?? ink;
  const behind = look.reverse
    ? box({ row, col, width }, `fill="${color}"${look.dim ? ' opacity=".6"' : ""}`)
    : "";
  // What stands behind two blanks is a column of its own: where it begins is said, not left to the font.
  const words = [...text.matchAll(/\S+(?: \S+)*/g)].map((found) =>
    textSvg(
      {
        col: col + found.index,
        width: width === text.length ? found[0].length : width,
        text: found[0],
        look,
      },
      row,
    ),
  );
  return behind + words.join("");
}

function textSvg({ col, width, text, look }: Run, row: number): string {
  const color = look.color === null ? undefined : palette[look.color];
  const fill = look.reverse ? paper : color;
  const attributes = [
    `x="${String(x(col))}"`,
    `y="${String(round(y(row) + cell.baseline))}"`,
    `textLength="${String(round(width * cell.width))}"`,
    ...(fill === undefined ? [] : [`fill="${fill}"`]),
    ...(look.bold ? ['font-weight="bold"'] : []),
    ...(look.dim && !look.reverse ? ['opacity=".6"'] : []),
  ];
  return `<text ${attributes.join(" ")}>${escaped(text)}</text>`;
}

const box = ({ row, col, width }: { row: number; col: number; width: number }, attributes: string): string =>
  `<rect x="${String(x(col))}" y="${String(y(row))}" width="${String(round(width * cell.width))}" height="${String(cell.height)}" ${attributes}/>`;

const round = (n: number): number => Math.round(n * 10) / 10;
const x = (col: number): number => round(edge + col * cell.width);
const y = (row: number): number => edge + row * cell.height;

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
