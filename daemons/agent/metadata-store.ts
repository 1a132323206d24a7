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
    state: true,
    state_since: true,
    agent_id: true,
    image: true,
    exit_cause: true,
  })
  .extend({ uuid: sessionId, limits: limits.optional() });
export type Metadata = z.infer<typeof metadata>;

/** One JSON file per session. A crash at any instant leaves the old or the new content, never a half. */
export class MetadataStore {
  readonly #folder: string;
  readonly #log: Log;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  /** All sessions. Leftovers of writes are removed; a broken file is set aside and reported, and hides no other. */
  async load(): Promise<Metadata[]> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const found: Metadata[] = [];
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      if (name.endsWith(".new")) await rm(path);
      if (!name.endsWith(".json")) continue;
      const parsed = metadata.safeParse(await readFile(path, "utf8").then(parseJson, () => undefined));
      if (parsed.success && `${parsed.data.uuid}.json` === name) {
        found.push(parsed.data);
      } else {
        await rename(path, `${path}.broken`);
        this.#log.error({ file: name }, "broken session metadata was set aside as .broken");
      }
    }
    return found;
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
    await writeAtomically(this.#path(session.uuid), `${JSON.stringify(session, null, 2)}\n`);
  }

  /** `removed` is called when it is gone from the disk, before any later change. */
  remove(uuid: string, removed: () => void): Promise<void> {
    return this.#inTurn(async () => {
      await rm(this.#path(uuid), { force: true });
      await syncFolder(this.#folder);
      removed();
    });
  }

  #inTurn(change: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(change);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #path(uuid: string): string {
    return join(this.#folder, `${sessionId.parse(uuid)}.json`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
