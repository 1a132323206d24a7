import { execFile } from "node:child_process";
import { open, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** A rename or removal is on disk only when its folder is (fsync(2)). */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  await handle.sync().finally(() => handle.close());
}

/**
 * Replaces a file by way of `.<name>.new` beside it, which who reads the folder takes for hidden: a crash at any instant leaves
 * the old or the new content.
 */
export async function writeAtomically(path: string, text: string, mode = 0o600): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.new`);
  const file = await open(temporary, "w", mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncFolder(folder);
}

/** Everything that was written to the filesystem of `path` is on its disk (sync(1), syncfs(2)). */
export function syncFilesystem(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile("sync", ["--file-system", path], (error) =>
      error ? reject(new Error(`sync: ${error.message}`, { cause: error })) : resolve(),
    );
  });
}
