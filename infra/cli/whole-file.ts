import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Writes a file so that a reader, or a machine that loses power, has either the old one or the new one. */
export function writeWhole(path: string, text: string, mode: number): void {
  const work = join(dirname(path), `.${basename(path)}.${String(process.pid)}`);
  const file = openSync(work, "wx", mode);
  try {
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(work, path);
  } catch (error) {
    rmSync(work, { force: true });
    throw error;
  }
}
