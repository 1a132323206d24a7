import { chmod, chown, lstat, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { ConvocateError } from "../../protocol/errors.ts";
import { sessionId } from "../../protocol/session.ts";
import type { Outcome } from "../docker/engine.ts";
import { syncFilesystem, syncFolder } from "../host/atomic-file.ts";
import { hasCode } from "./error-code.ts";
import type { Metadata } from "./metadata-store.ts";

export interface HomesOptions {
  folder: string;
  uid: number;
  gid: number;
  /** Runs a command as root with `binds` mounted: copies and removes what the agent itself may not. */
  asRoot: (binds: string[], argv: string[]) => Promise<Outcome>;
}

/** Hard links, modes, owners, times, extended attributes and holes stay as they are; sockets are not copied. */
const copyTree = `cp -a --sparse=auto "$1/." "$2" && find "$2" -xdev -type s -delete && rm -rf "$2/session.json"`;
const emptyTree = 'rm -rf "$1"/* "$1"/.[!.]* "$1"/..?*';

/** The sessions' home directories, `<folder>/<uuid>`. What is inside is the session's, and is never trusted. */
export class Homes {
  readonly #options: HomesOptions;
  /** Names of what is being made. */
  readonly #making = new Set<string>();
  /** Removals under way: who asks again waits for the same. */
  readonly #removing = new Map<string, Promise<void>>();

  constructor(options: HomesOptions) {
    this.#options = options;
  }

  path(uuid: string): string {
    return join(this.#options.folder, sessionId.parse(uuid));
  }

  /** Whether the home is there, as a folder of its own and not a link to another. */
  exists(uuid: string): Promise<boolean> {
    return lstat(this.path(uuid)).then(
      (s) => s.isDirectory(),
      () => false,
    );
  }

  /** Throws `home_missing` when it is not: nothing is mounted in its place, and no link is followed. */
  async check({ uuid, name }: Pick<Metadata, "uuid" | "name">): Promise<void> {
    if (await this.exists(uuid)) return;
    const what = `the home of session ${JSON.stringify(name)} is not on this agent`;
    throw new ConvocateError("home_missing", `${what}: restore it, or delete the session`);
  }

  /** A new home; `furnish` puts into the empty folder what a home begins with. Renamed into place last. */
  create(session: Metadata, furnish: (home: string) => Promise<void>): Promise<void> {
    return this.#make(session, async (work) => {
      await furnish(work);
      await this.#own(work);
    });
  }

  /** A copy of the home of `source`, which must not change meanwhile. */
  copy(source: string, session: Metadata): Promise<void> {
    return this.#make(session, async (work) => {
      const from = this.path(source);
      const binds = [`${from}:${from}:ro`, `${work}:${work}`];
      const argv = ["sh", "-c", copyTree, "sh", from, work];
      const { exitCode, output } = await this.#options.asRoot(binds, argv);
      if (exitCode === 0) return;
      // `cp: error writing '/…': No space left on device`: the path is this host's own affair.
      const why = output.trim().split("\n").at(-1)?.split(": ").at(-1) ?? "";
      throw new ConvocateError(
        "copy_failed",
        `the home could not be copied: ${why.trim() || "see the journal"}`,
      );
    });
  }

  async #make({ uuid, ...session }: Metadata, fill: (work: string) => Promise<void>): Promise<void> {
    const { folder } = this.#options;
    const name = `.new-${sessionId.parse(uuid)}`;
    const work = join(folder, name);
    this.#making.add(name);
    try {
      await mkdir(folder, { recursive: true });
      await this.#removeTree(work);
      await mkdir(work, { mode: 0o700 });
      await fill(work);
      await this.#writeCopy(work, { uuid, ...session });
      await rename(work, this.path(uuid));
      await syncFolder(folder);
    } catch (error) {
      await this.#removeTree(work).catch(() => undefined); // left to the sweep
      throw error;
    } finally {
      this.#making.delete(name);
    }
  }

  /**
   * Runs `use` with an empty folder on the filesystem of the homes, into which a home is brought; what is in it afterwards is
   * removed. Whoever calls holds the session's lock: by that the sweep knows that somebody is at it.
   */
  async receiving<T>(uuid: string, use: (home: string) => Promise<T>): Promise<T> {
    const { folder } = this.#options;
    const work = join(folder, `.moved-${sessionId.parse(uuid)}`);
    try {
      await this.#removeTree(work);
      await mkdir(work, { mode: 0o700 });
      const home = join(work, "home");
      await mkdir(home, { mode: 0o700 });
      return await use(home);
    } finally {
      await this.#removeTree(work).catch(() => undefined); // left to the sweep
    }
  }

  /** Makes `home`, which was received, the home of the session. Renamed into place last, when all of it is on the disk. */
  async place(session: Metadata, home: string): Promise<void> {
    await this.#own(home);
    await chmod(home, 0o700);
    await rm(join(home, "session.json"), { recursive: true, force: true });
    await this.#writeCopy(home, session);
    await syncFilesystem(home);
    await rename(home, this.path(session.uuid));
    await syncFolder(this.#options.folder);
  }

  /** Writes the copy of the metadata for v2's tools, one at a time; ours read it only to adopt a home. */
  writeCopy(session: Metadata): Promise<void> {
    return this.#writeCopy(this.path(session.uuid), session);
  }

  /**
   * By way of a file beside the home, so that a crash leaves nothing in it, renamed into place: whatever the session has put
   * there is neither followed nor opened.
   */
  async #writeCopy(home: string, session: Metadata): Promise<void> {
    const name = `.copy-${session.uuid}`;
    const temporary = join(this.#options.folder, name);
    this.#making.add(name);
    try {
      const file = await open(temporary, "w", 0o600);
      try {
        await file.writeFile(`${JSON.stringify(session, null, 2)}\n`);
        if (process.getuid?.() === 0) await file.chown(this.#options.uid, this.#options.gid);
      } finally {
        await file.close();
      }
      await rename(temporary, join(home, "session.json"));
    } finally {
      await rm(temporary, { force: true });
      this.#making.delete(name);
    }
  }

  /** Removes a home whole. Renamed first, so that a crash leaves a leftover and not half a session. */
  async remove(uuid: string): Promise<void> {
    const gone = join(this.#options.folder, `.gone-${sessionId.parse(uuid)}`);
    const removal =
      this.#removing.get(gone) ?? this.#remove(uuid, gone).finally(() => this.#removing.delete(gone));
    this.#removing.set(gone, removal);
    return removal;
  }

  async #remove(uuid: string, gone: string): Promise<void> {
    try {
      await rename(this.path(uuid), gone);
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw error;
    }
    await this.#removeTree(gone);
  }

  /** Removes what a crash left of homes being made, moved here or removed; `isHeld`: somebody is at it still. */
  async sweep(isHeld: (uuid: string) => Promise<boolean>): Promise<void> {
    const { folder } = this.#options;
    for (const name of await readdir(folder).catch(() => [])) {
      const path = join(folder, name);
      const busy = this.#making.has(name) || this.#removing.has(path);
      const [, kind, uuid = ""] = /^\.(new|gone|copy|moved)-(.*)$/.exec(name) ?? [];
      if (kind === undefined || busy || (kind === "moved" && (await isHeld(uuid)))) continue;
      await this.#removeTree(path);
    }
  }

  async #removeTree(path: string): Promise<void> {
    try {
      await rm(path, { recursive: true, force: true });
    } catch (error) {
      // `sudo` inside a container leaves files that are root's.
      if (!hasCode(error, "EACCES") && !hasCode(error, "EPERM")) throw error;
      await this.#options.asRoot([`${path}:${path}`], ["sh", "-c", emptyTree, "sh", path]);
      await rm(path, { recursive: true, force: true });
    }
  }

  /** Only root can give files away; the agent is the sessions' user itself on a host. */
  async #own(path: string): Promise<void> {
    if (process.getuid?.() === 0) await chownTree(path, this.#options.uid, this.#options.gid);
  }
}

async function chownTree(path: string, uid: number, gid: number): Promise<void> {
  await chown(path, uid, gid);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) await chownTree(inner, uid, gid);
    else if (entry.isFile()) await chown(inner, uid, gid);
  }
}
