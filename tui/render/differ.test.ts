import { Terminal } from "@xterm/headless";
import fc from "fast-check";
import { after, anAgent, aSession, press, snapshot } from "../state/fleet.fake.ts";
import { Differ } from "./differ.ts";
import { frameOf, type Frame } from "./frame.ts";
import { fitLine, lineText, span, type Line } from "./line.ts";
import { clean } from "./clean.ts";
import { enterList } from "./modes.ts";

const cols = 40;
const rows = 8;

function terminal(): Terminal {
  return new Terminal({ cols, rows, allowProposedApi: true });
}
const write = (term: Terminal, text: string) => new Promise<void>((resolve) => term.write(text, resolve));

function shown(term: Terminal): string[] {
  const buffer = term.buffer.active;
  return Array.from({ length: rows }, (_, i) => buffer.getLine(i)?.translateToString(true).trimEnd() ?? "");
}
const textOf = ({ lines }: Frame) => lines.map((line) => lineText(line).trimEnd());

/** Characters whose width every terminal agrees on; the others are only kept from moving what follows. */
const agreed = fc.array(fc.constantFrom(..."abc xyz", "漢", "字", "é", "ß", "か"), { maxLength: 60 });
const anyLine = agreed.map((text): Line => fitLine([span(clean(text.join("")))], cols));
const anyFrame = fc
  .array(anyLine, { minLength: rows, maxLength: rows })
  .map((lines): Frame => ({ lines, caret: null }));

test("whatever the frames, the terminal shows the last one", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyFrame, { minLength: 1, maxLength: 6 }), async (frames) => {
      const term = terminal();
      const differ = new Differ({ colors: true });
      await write(term, enterList);
      for (const frame of frames) await write(term, differ.draw(frame));
      expect(shown(term)).toEqual(textOf(frames.at(-1) ?? { lines: [], caret: null }));
      term.dispose();
    }),
    { numRuns: 100 },
  );
});

test("a name whose width terminals do not agree on moves nothing that follows it", async () => {
  const names = ["👨‍👩‍👧‍👦 family", "🇩🇪🇫🇷 flags", "❤️ heart", "ä̈ä̈ marks", "각 jamo", "\u202e bidi", "☺︎"];
  const events = [
    snapshot(
      [anAgent("a", { host: "HOST" })],
      names.map((name, i) => aSession(i, { name })),
    ),
  ];
  const term = new Terminal({ cols: 80, rows: 24, allowProposedApi: true });
  await write(term, enterList + new Differ({ colors: false }).draw(frameOf(after(events).state)));
  for (let row = 2; row < 2 + names.length; row += 1) {
    const line = term.buffer.active.getLine(row);
    const cells = Array.from({ length: 4 }, (_, i) => line?.getCell(22 + i)?.getChars());
    expect(cells.join("")).toBe("HOST");
  }
  term.dispose();
});

test("nothing is written when nothing changed, and one line when one did", () => {
  const differ = new Differ({ colors: true });
  const frame = (events: Parameters<typeof after>[0]) => frameOf(after(events).state);
  const fleet = snapshot([anAgent("a")], [aSession(1), aSession(2), aSession(3)]);
  differ.draw(frame([fleet]));
  expect(differ.draw(frame([fleet]))).toBe("");
  const moved = differ.draw(frame([fleet, ...press("DOWN")]));
  expect(moved.match(/\x1b\[2K/g)).toHaveLength(2); // eslint-disable-line no-control-regex
  differ.reset();
  expect(differ.draw(frame([fleet])).match(/\x1b\[2K/g)).toHaveLength(24); // eslint-disable-line no-control-regex
});

test("without colours there is not one colour code, and the highlight is still to be seen", () => {
  const fleet = snapshot(
    [anAgent("a")],
    [aSession(1, { state: "running" }), aSession(2, { state: "connected" })],
  );
  const frame = frameOf(after([fleet]).state);
  const codes = (colors: boolean) => new Differ({ colors }).draw(frame).match(/;3[0-9]m/g);
  expect(codes(true)).not.toBeNull();
  expect(codes(false)).toBeNull();
  expect(lineText(frame.lines[2] ?? [])).toMatch(/^>/);
});

test("the cursor stands in the field, and nowhere else", async () => {
  const term = new Terminal({ cols: 80, rows: 24, allowProposedApi: true });
  const form = after([snapshot([anAgent("a")], []), ...press("n", "a", "漢")]).state;
  const frame = frameOf(form);
  await write(term, enterList + new Differ({ colors: true }).draw(frame));
  expect({ row: term.buffer.active.cursorY, col: term.buffer.active.cursorX }).toEqual(frame.caret);
  term.dispose();
});
