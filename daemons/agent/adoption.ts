import { constants } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { sessionId } from "../../protocol/session.ts";
import { metadata, type Metadata } from "./metadata-store.ts";

const maxSize = 64 << 10;

/**
 * The copy of the metadata in a home, for a directory that has none elsewhere. The session's own root may have made it
 * anything: only a regular file of at most 64 KiB is read, no link is followed, nothing is waited for, the uuid must be
 * the directory's name, and what grants rights is ignored.
 */
export async function readCopy(home: string, uuid: string): Promise<Metadata | null> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(join(home, "session.json"), flags).catch(() => null);
  if (!file) return null;
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.size > maxSize) return null;
    const parsed = metadata.safeParse(JSON.parse(await file.readFile("utf8")));
    if (!parsed.success || parsed.data.uuid !== uuid) return null;
    const { name, created_at, last_accessed, port, protocol, dns_name } = parsed.data;
    return {
      uuid,
      name,
      created_at,
      last_accessed,
      ...(port !== undefined && { port }),
      ...(protocol !== undefined && { protocol }),
      ...(dns_name !== undefined && { dns_name }),
    };
  } catch {
    return null;
  } finally {
    await file.close();
  }
}

/** Session directories in `folder` that none of `known` names, with their metadata where a usable copy is there. */
export async function orphanedHomes(folder: string, known: ReadonlySet<string>): Promise<Metadata[]> {
  const names = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const candidates = names.filter(
    (e) => e.isDirectory() && sessionId.safeParse(e.name).success && !known.has(e.name),
  );
  const found = await Promise.all(candidates.map(({ name }) => readCopy(join(folder, name), name)));
  return found.filter((copy) => copy !== null);
}
