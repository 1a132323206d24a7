/**
 * Standard input on standard output, and its SHA-256 as a line on standard error, as `sha256sum` has it. The text of this file
 * runs on a host by the host's own Node, which has the sum by the processor's own instructions: `tee` and `sha256sum` beside
 * it take several times as much of one.
 */
import { createHash } from "node:crypto";
import { readSync, writeSync } from "node:fs";

const room = Buffer.allocUnsafe(1 << 20);
const sum = createHash("sha256");

function passOn(): void {
  for (let length = readSync(0, room); length > 0; length = readSync(0, room)) {
    for (let at = 0; at < length;) at += writeSync(1, room, at, length - at);
    sum.update(room.subarray(0, length));
  }
  process.stderr.write(`${sum.digest("hex")}  -\n`);
}

try {
  passOn();
} catch (error) {
  // Whoever reads ends first when it fails, and says why itself.
  if (!(error instanceof Error && "code" in error && error.code === "EPIPE")) throw error;
  process.exitCode = 1;
}
