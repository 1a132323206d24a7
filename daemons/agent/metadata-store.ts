import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import { limits, session, sessionId } from "../../protocol/session.ts";
import { syncFolder, writeAtomically } from "../host/atomic-file.ts";
import type { Log } from "../host/log.ts";

/** What is kept of a session: the metadata that counts, without its state. */
export const metadata = session
  .omit({
    running: true,
    attached: true,
    operators: true,
    state: true,
    state_since: true,
    agent_id: true,
    image: true,
    exit_cause: true,
  })
  .extend({ uuid: sessionId, limits: limits.optional() });
export type Metadata = z.infer<typeof metadata>;

type Suffix = "json" | "making" | "gone";

/**
 * One JSON file per session, `<uuid>.json`. A crash at any instant leaves the old or the new content, never a half. A session
 * being made is `<uuid>.making` until its home is there, one being deleted `<uuid>.gone` until its home is gone.
 */
export class MetadataStore {
  readonly #folder: string;
  readonly #log: Log;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  /**
   * All sessions. Leftovers of writes are removed; a broken file is set aside and reported, and hides no other. One that was
   * being made counts when its home `isMade`, else it never was.
   */
  async load(isMade: (uuid: string) => Promise<boolean>): Promise<Metadata[]> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.#folder)) {
      if (name.endsWith(".new")) await rm(join(this.#folder, name));
    }
    for (const uuid of await this.#named("making")) {
      if (await isMade(uuid)) await rename(this.#path(uuid, "making"), this.#path(uuid));
      else await rm(this.#path(uuid, "making"));
    }
    const found: Metadata[] = [];
    for (const name of await readdir(this.#folder)) {
      if (!name.endsWith(".json")) continue;
      const read = await this.#read(name);
      if (read) {
        found.push(read);
      } else {
        const path = join(this.#folder, name);
        await rename(path, `${path}.broken`);
        this.#log.error({ file: name }, "broken session metadata was set aside as .broken");
      }
    }
    return found;
  }

  /** Sessions on disk by uuid, while this agent runs; what is broken is left for the next start to set aside. */
  async present(): Promise<Map<string, Metadata>> {
    const names = (await readdir(this.#folder)).filter((name) => name.endsWith(".json"));
    const read = await Promise.all(names.map((name) => this.#read(name)));
    return new Map(read.flatMap((session) => (session ? [[session.uuid, session]] : [])));
  }

  async #read(name: string): Promise<Metadata | null> {
    const text = await readFile(join(this.#folder, name), "utf8").catch(() => "");
    const parsed = metadata.safeParse(parseJson(text));
    return parsed.success && `${parsed.data.uuid}.json` === name ? parsed.data : null;
  }

  /**
   * Changes come one after another: `make` is called when it is its turn and sees what the one before left, and `written`
   * when its result is on disk. Null: nothing to change.
   */
  update(make: () => Metadata | null, written: (session: Metadata) => void): Promise<void> {
    return this.#inTurn(async () => {
      const session = make();
      if (!session) return;
      await this.write(session);
      written(session);
    });
  }

  async write(session: Metadata): Promise<void> {
    await writeAtomically(this.#path(session.uuid), toText(session));
  }

  /** A new session; `build` makes its home. When that fails nothing is kept. */
  async make(session: Metadata, build: () => Promise<void>): Promise<void> {
    const pending = this.#path(session.uuid, "making");
    await writeAtomically(pending, toText(session));
    try {
      await build();
    } catch (error) {
      await rm(pending, { force: true });
      throw error;
    }
    await rename(pending, this.#path(session.uuid));
    await syncFolder(this.#folder);
  }

  /** The session is gone from here on, whatever happens: `discarded` is called before any later change. */
  discard(uuid: string, discarded: () => void): Promise<void> {
    return this.#inTurn(async () => {
      await rename(this.#path(uuid), this.#path(uuid, "gone"));
      await syncFolder(this.#folder);
      discarded();
    });
  }

  /** Whether anything is known of a session: that it is there, is being made, or is not gone altogether. */
  async has(uuid: string): Promise<boolean> {
    const names = await readdir(this.#folder);
    return names.some((name) => name.startsWith(`${sessionId.parse(uuid)}.`));
  }

  /** Discarded sessions whose homes may still be there. */
  discarded(): Promise<string[]> {
    return this.#named("gone");
  }

  /** Nothing is left of a discarded session. */
  async forget(uuid: string): Promise<void> {
    await rm(this.#path(uuid, "gone"), { force: true });
  }

  async #named(suffix: Suffix): Promise<string[]> {
    const uuids = (await readdir(this.#folder)).map((name) => name.replace(new RegExp(`\\.${suffix}$`), ""));
    return uuids.filter((uuid) => sessionId.safeParse(uuid).success);
  }

  #inTurn(change: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(change);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #path(uuid: string, suffix: Suffix = "json"): string {
    return join(this.#folder, `${sessionId.parse(uuid)}.${suffix}`);
  }
}

const toText = (session: Metadata) => `${JSON.stringify(session, null, 2)}\n`;

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
