import { chown, cp, mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sessionId } from "../../protocol/session.ts";
import { hasCode } from "./error-code.ts";
import type { Metadata } from "./metadata-store.ts";

export interface HomesOptions {
  folder: string;
  uid: number;
  gid: number;
  /** Runs a command as root with `bind` mounted at the same path: removes what the agent itself may not. */
  asRoot: (bind: string, argv: string[]) => Promise<void>;
}

/** The sessions' home directories, `<folder>/<uuid>`. What is inside is the session's, and is never trusted. */
export class Homes {
  readonly #options: HomesOptions;

  constructor(options: HomesOptions) {
    this.#options = options;
  }

  path(uuid: string): string {
    return join(this.#options.folder, sessionId.parse(uuid));
  }

  /** A new home from the skeleton `.skel`, where there is one; renamed into place last. */
  async create(session: Metadata): Promise<void> {
    const { folder, uid, gid } = this.#options;
    await mkdir(folder, { recursive: true });
    const work = join(folder, `.new-${session.uuid}`);
    await rm(work, { recursive: true, force: true });
    await mkdir(work, { mode: 0o700 });
    const skeleton = join(folder, ".skel");
    // Links as they are: they point at what the session sees, not at what this host has.
    const as = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true };
    if (await isFolder(skeleton)) await cp(skeleton, work, as);
    // A copy for v2's tools; ours never read it.
    await writeFile(join(work, "session.json"), `${JSON.stringify(session, null, 2)}\n`, { mode: 0o600 });
    if (process.getuid?.() === 0) await chownTree(work, uid, gid);
    await rename(work, this.path(session.uuid));
  }

  /** Removes a home whole. Renamed first, so that a crash leaves a leftover and not half a session. */
  async remove(uuid: string): Promise<void> {
    const gone = join(this.#options.folder, `.gone-${sessionId.parse(uuid)}`);
    try {
      await rename(this.path(uuid), gone);
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw error;
    }
    await this.#removeTree(gone);
  }

  /** Removes what a crash left of homes being made or removed. */
  async sweep(): Promise<void> {
    const names = await readdir(this.#options.folder).catch(() => []);
    for (const name of names) {
      if (/^\.(new|gone)-/.test(name)) await this.#removeTree(join(this.#options.folder, name));
    }
  }

  async #removeTree(path: string): Promise<void> {
    try {
      await rm(path, { recursive: true, force: true });
    } catch (error) {
      // `sudo` inside a container leaves files that are root's.
      if (!hasCode(error, "EACCES") && !hasCode(error, "EPERM")) throw error;
      await this.#options.asRoot(path, ["sh", "-c", 'rm -rf "$1"/* "$1"/.[!.]* "$1"/..?*', "sh", path]);
      await rm(path, { recursive: true, force: true });
    }
  }
}

const isFolder = (path: string) =>
  stat(path).then(
    (s) => s.isDirectory(),
    () => false,
  );

async function chownTree(path: string, uid: number, gid: number): Promise<void> {
  await chown(path, uid, gid);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) await chownTree(inner, uid, gid);
    else if (entry.isFile()) await chown(inner, uid, gid);
  }
}
