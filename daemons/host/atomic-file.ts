import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** A rename or removal is on disk only when its folder is (fsync(2)). */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  await handle.sync().finally(() => handle.close());
}

/** Replaces a file by way of `<path>.new`: a crash at any instant leaves the old or the new content. Mode 0600. */
export async function writeAtomically(path: string, text: string): Promise<void> {
  const file = await open(`${path}.new`, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  await syncFolder(dirname(path));
}
