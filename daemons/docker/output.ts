import type { Readable } from "node:stream";
import type { Bounds, Printed } from "./engine.ts";

/** A program's output as text, up to its end or its bounds; then the connection to it is broken. */
export async function readBounded(
  stream: Readable,
  bounds?: Bounds,
): Promise<{ output: string; whole: boolean }> {
  let output = "";
  let late = false;
  // A character may come in two chunks.
  stream.setEncoding("utf8");
  const timer =
    bounds &&
    setTimeout(() => {
      late = true;
      stream.destroy();
    }, bounds.ms);
  try {
    for await (const text of stream) {
      output += String(text);
      if (bounds && output.length > bounds.bytes) return { output, whole: false };
    }
  } catch (error) {
    if (!late) throw error;
  } finally {
    clearTimeout(timer);
  }
  return { output, whole: !late };
}

/** Docker writes 8 bytes before each piece of what a container without a terminal prints: of which kind, and how long. */
export function withoutHeaders(framed: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at + 8 <= framed.length;) {
    const end = at + 8 + framed.readUInt32BE(at + 4);
    pieces.push(framed.subarray(at + 8, end));
    at = end;
  }
  return Buffer.concat(pieces);
}

/** The pieces of what a container without a terminal prints, told with their times, as they come. */
export async function* readPrinted(framed: AsyncIterable<Buffer>): AsyncGenerator<Printed> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of framed) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (at + 8 <= rest.length) {
      const end = at + 8 + rest.readUInt32BE(at + 4);
      if (end > rest.length) break;
      const line = rest.toString("utf8", at + 8, end);
      at = end;
      const space = line.indexOf(" ");
      const ends = line.endsWith("\n");
      const text = line.slice(space + 1, ends ? -1 : undefined);
      yield { time: line.slice(0, space), text, ends };
    }
    rest = rest.subarray(at);
  }
}
