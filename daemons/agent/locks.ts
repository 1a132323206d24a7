import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errors } from "../../protocol/errors.ts";
import { sessionId } from "../../protocol/session.ts";
import { startTime } from "../host/processes.ts";
import { hasCode } from "./error-code.ts";

/** A lock older than this is stale whoever holds it. */
const staleAfterMs = 24 * 3_600_000;

/** `<folder>/<uuid>.lock`: the operation in flight on a session, as `pid` (v2) or `pid start-time` (ours). */
export class Locks {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  #path(uuid: string): string {
    return join(this.#folder, `${sessionId.parse(uuid)}.lock`);
  }

  async exists(uuid: string): Promise<boolean> {
    return stat(this.#path(uuid)).then(
      () => true,
      () => false,
    );
  }

  /** The live process that holds the lock; null when there is no lock or it is stale. */
  async holder(uuid: string): Promise<number | null> {
    try {
      const { mtimeMs } = await stat(this.#path(uuid));
      if (Date.now() - mtimeMs > staleAfterMs) return null;
      const [pid = "", started] = (await this.#read(uuid)).split(" ");
      const now = startTime(Number(pid));
      if (now === null || (started !== undefined && started !== now)) return null;
      return Number(pid);
    } catch {
      return null;
    }
  }

  /** Removes the locks of our form whose process is gone: a crash of this daemon left them. v2's are for the operator to lift. */
  async heal(): Promise<string[]> {
    const healed: string[] = [];
    for (const name of await readdir(this.#folder).catch(() => [])) {
      const uuid = name.replace(/\.lock$/, "");
      if (uuid === name || !sessionId.safeParse(uuid).success) continue;
      // Made and written are two steps: one that is empty was broken off in between.
      const [pid, started] = (await this.#read(uuid)).split(" ");
      if ((pid !== "" && started === undefined) || (await this.holder(uuid)) !== null) continue;
      await this.remove(uuid);
      healed.push(uuid);
    }
    return healed;
  }

  /** Runs `operation` while holding the session's lock; refused while it exists. */
  async hold<T>(uuid: string, operation: () => Promise<T>): Promise<T> {
    const text = `${String(process.pid)} ${startTime(process.pid) ?? ""}\n`;
    try {
      await writeFile(this.#path(uuid), text, { flag: "wx", mode: 0o600 });
    } catch (error) {
      if (hasCode(error, "EEXIST")) throw errors.locked(uuid);
      throw error;
    }
    try {
      return await operation();
    } finally {
      await this.remove(uuid);
    }
  }

  async #read(uuid: string): Promise<string> {
    return readFile(this.#path(uuid), "utf8").then(
      (text) => text.trim(),
      () => "",
    );
  }

  async remove(uuid: string): Promise<void> {
    await rm(this.#path(uuid), { force: true });
  }
}
