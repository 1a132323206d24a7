import { constants } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
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

/** A session of which nothing but the home is known. */
async function unnamed(home: string, uuid: string): Promise<Metadata> {
  const { mtime } = await stat(home);
  const when = mtime.toISOString();
  return { uuid, name: `recovered-${uuid.slice(0, 8)}`, created_at: when, last_accessed: when };
}

/** Session directories in `folder` that none of `known` names, with their metadata: from the copy where it is usable. */
export async function orphanedHomes(folder: string, known: ReadonlySet<string>): Promise<Metadata[]> {
  const names = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const candidates = names.filter(
    (e) => e.isDirectory() && sessionId.safeParse(e.name).success && !known.has(e.name),
  );
  return Promise.all(
    candidates.map(async ({ name }) => {
      const home = join(folder, name);
      return (await readCopy(home, name)) ?? (await unnamed(home, name));
    }),
  );
}
