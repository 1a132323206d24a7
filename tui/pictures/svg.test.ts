import type { Cell } from "./cells.ts";
import { svgOf } from "./svg.ts";

const plain: Cell = { text: " ", bold: false, dim: false, reverse: false, color: null };
const cellsOf = (text: string, look: Partial<Cell> = {}): Cell[] =>
  [...text].map((character) => ({ ...plain, ...look, text: character }));
const whole = (line: Cell[]) => svgOf({ cells: [line], cursor: null }, "t");

test("text stands in its column, and every column of a table by itself", () => {
  expect(whole(cellsOf("a b   c"))).toContain(
    '<text x="10" y="23.5" textLength="25.2">a b</text><text x="60.4" y="23.5" textLength="8.4">c</text>',
  );
});

test("markup in a name is text", () => {
  expect(whole(cellsOf("<b>&"))).toContain(">&lt;b&gt;&amp;</text>");
});

test("bold, dim, reverse and colour are kept", () => {
  const svg = whole([
    ...cellsOf("R", { bold: true, color: 2 }),
    ...cellsOf("d", { dim: true }),
    ...cellsOf("x", { reverse: true }),
  ]);
  expect(svg).toMatch(/<text [^>]*fill="#7ee787" font-weight="bold">R</);
  expect(svg).toMatch(/<text [^>]*opacity=".6">d</);
  expect(svg).toMatch(
    /<rect x="26.8" y="10" width="8.4" height="18" fill="#d8dee9"\/><text [^>]*fill="#1b1f27">x</,
  );
});

test("a wide character takes two columns, and what follows stays in its own", () => {
  const wide = [...cellsOf("漢"), { ...plain, text: "" }];
  const svg = whole([...wide, ...cellsOf("a")]);
  expect(svg).toContain('<text x="10" y="23.5" textLength="16.8">漢</text>');
  expect(svg).toContain('<text x="26.8" y="23.5" textLength="8.4">a</text>');
});

test("the cursor is drawn where it is", () => {
  const svg = svgOf({ cells: [cellsOf("ab")], cursor: { row: 0, col: 1 } }, "t");
  expect(svg).toContain('<rect x="18.4" y="10" width="8.4" height="18" fill="#d8dee9" opacity=".6"/>');
});
