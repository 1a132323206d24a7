/** Bytes of all lines together, as they travel; and characters of one. */
const limits = { bytes: 1 << 20, line: 16_384 };

/** Escape sequences: OSC, other strings up to their terminator, CSI, and the short ones; C1 forms too. */
const sequences = [
  // eslint-disable-next-line no-control-regex
  /(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)/g,
  // eslint-disable-next-line no-control-regex
  /(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x9c]*(?:\x1b\\|\x9c|$)/g,
  // eslint-disable-next-line no-control-regex
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]/g,
  // eslint-disable-next-line no-control-regex
  /\x1b[ -/]*[0-~]/g,
];

/** A line as harmless text: nothing in it drives a terminal, ends a line or turns the direction of writing. */
export function plainLine(line: string): string {
  const text = line.slice(0, limits.line).replace(/\r+$/, "").toWellFormed();
  return sequences
    .reduce((rest, sequence) => rest.replace(sequence, ""), text)
    .replaceAll("\t", "    ")
    .replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, "")
    .trimEnd();
}

/** The last `count` lines of what a session printed, as harmless text; blank ones at the end do not count. */
export function plainLines(text: string, count: number): string[] {
  const raw = text.split("\n");
  const lines: string[] = [];
  let bytes = 0;
  for (let at = raw.length - 1; at >= 0 && lines.length < count; at -= 1) {
    const line = plainLine(raw[at] ?? "");
    if (line === "" && lines.length === 0) continue;
    bytes += Buffer.byteLength(JSON.stringify(line)) + 1;
    if (bytes > limits.bytes) break;
    lines.push(line);
  }
  return lines.reverse();
}
