import { constants } from "node:fs";
import { lstat, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseCopy, unnamed, type Copied } from "../../protocol/orphan.ts";
import { sessionId } from "../../protocol/session.ts";

const maxSize = 64 << 10;

/**
 * The copy of the metadata in a home, for a directory that has none elsewhere. The session's own root may have made it
 * anything: only a regular file of at most 64 KiB is read, no link is followed, nothing is waited for, the uuid must be
 * the directory's name, and what grants rights is ignored.
 */
export async function readCopy(home: string, uuid: string): Promise<Copied | null> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(join(home, "session.json"), flags).catch(() => null);
  if (!file) return null;
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.size > maxSize) return null;
    return parseCopy(await file.readFile("utf8"), uuid, stat.mtime);
  } catch {
    return null;
  } finally {
    await file.close();
  }
}

/** Session directories in `folder` that none of `known` names, with their metadata: from the copy where it is usable. */
export async function orphanedHomes(folder: string, known: ReadonlySet<string>): Promise<Copied[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const uuids = entries
    .filter((entry) => entry.isDirectory() && sessionId.safeParse(entry.name).success)
    .map(({ name }) => name)
    .filter((name) => !known.has(name));
  const read = uuids.map(async (uuid) => {
    const home = join(folder, uuid);
    const copy = await readCopy(home, uuid);
    // It may go meanwhile.
    return (
      copy ??
      lstat(home)
        .then(({ mtime }) => unnamed(uuid, mtime))
        .catch(() => null)
    );
  });
  return (await Promise.all(read)).flatMap((found) => found ?? []);
}
