import { eventually } from "../client/eventually.fake.ts";
import type { BlindList } from "./blind-list.fake.ts";

/** Numbers at least 0, less than 1; the same ones for the same seed. */
export type Next = () => number;

/** The beginnings of sequences, whole ones, keys, and characters of more than one byte. */
const pieces = [
  ..."ncebkdors/?qy \t\r\x7f\x15019",
  ...[
    "[A",
    "[B",
    "[5~",
    "[6~",
    "[H",
    "[F",
    "[Z",
    "OM",
    "[",
    "O",
    "]0;x",
    "P1",
    "[200~",
    "[201~",
    "[<0;1;1M",
    "[M !!",
  ].map((rest) => `\x1b${rest}`),
  ..."\x1b\x07\x00\x03\u009bé漢😀\u0301\u202e\u200d",
  "\x1b\\",
  "\x1b[1;5D",
  "👨‍👩‍👧",
].map((text) => Buffer.from(text));

/** Keyboard noise: half bytes of any value, half pieces of what terminals send; cut anywhere, as reads cut. */
function noise(next: Next, length: number): Buffer {
  const parts: Buffer[] = [];
  let size = 0;
  while (size < length) {
    const piece = next() < 0.5 ? null : pieces[Math.floor(next() * pieces.length)];
    const part = piece ?? Buffer.of(Math.floor(next() * 256));
    parts.push(part);
    size += part.length;
  }
  return Buffer.concat(parts).subarray(0, length);
}

/** Types so many bytes, looking at the screen all the time, and then sees whether keys still work. What was wrong, or null. */
export async function typeNoise(list: BlindList, next: Next, bytes: number): Promise<string | null> {
  let typed = 0;
  for (let reads = 1; typed < bytes; reads += 1) {
    const read = noise(next, 1 + Math.floor(next() * 64));
    await list.type(read);
    typed += read.length;
    const wrong = reads % 4 === 0 ? await list.wrong() : null;
    if (wrong !== null) return `after ${String(typed)} bytes ${wrong}`;
  }
  // Whatever sequence or paste is open ends here.
  for (let i = 0; i < 2; i += 1) await list.type(Buffer.from("\x1b[201~\x07   "));
  try {
    await eventually(async () => {
      if (list.state.panel?.kind === "help") return;
      await list.type(Buffer.from(list.state.panel === null ? "?" : "\x1b"));
      throw new Error("Esc and ? do not open the help");
    });
    return await list.wrong();
  } catch (error) {
    return String(error);
  }
}
