import { createHash } from "node:crypto";
import { lstat, readFile, readdir, readlink, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack, type Pack } from "tar-stream";

/** One file of an archive: where it comes from (or its text) and its name inside. */
export type Entry = { name: string; mode: number } & ({ path: string } | { text: string });

/** Every file and link below `folder`, as entries named `<prefix>/<relative path>`; sorted, so that archives repeat. */
export async function entriesBelow(folder: string, prefix: string): Promise<Entry[]> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  return files
    .filter((file) => !file.isDirectory())
    .map((file) => join(file.parentPath, file.name))
    .sort()
    .map((path) => ({ name: `${prefix}${path.slice(folder.length)}`, mode: 0o644, path }));
}

async function add(tar: Pack, entry: Entry): Promise<void> {
  const header = { name: entry.name, mode: entry.mode, mtime: new Date(0), uid: 0, gid: 0 };
  if ("text" in entry) {
    tar.entry(header, entry.text);
  } else if ((await lstat(entry.path)).isSymbolicLink()) {
    tar.entry({ ...header, type: "symlink", linkname: await readlink(entry.path) });
  } else {
    tar.entry(header, await readFile(entry.path));
  }
}

/**
 * Writes a .tar.gz whose bytes depend on its entries alone (no times, owners or order of the disk), so that an
 * unchanged build is an unchanged artifact. Returns the SHA-256 of the file, in hex.
 */
export async function writeArchive(file: string, entries: Entry[]): Promise<string> {
  const tar = pack();
  const packed = buffer(tar);
  for (const entry of entries) await add(tar, entry);
  tar.finalize();
  const bytes = gzipSync(await packed);
  await writeFile(`${file}.new`, bytes);
  await rename(`${file}.new`, file);
  return createHash("sha256").update(bytes).digest("hex");
}
