import { readFile } from "node:fs/promises";
import { z } from "zod";
import { backoffDelay } from "../../protocol/transport.ts";
import type { Engine, Printed } from "../docker/engine.ts";
import { writeAtomically } from "../host/atomic-file.ts";
import { pause, type Clock } from "../host/clock.ts";
import type { Log } from "../host/log.ts";
import { Pace } from "../host/pace.ts";
import { plainLine } from "./plain-lines.ts";
import type { Change, Registry } from "./registry.ts";

/**
 * Lines of all sessions together: the journal drops what a service says beyond 10,000 in 30 s, and most of that is to be left
 * for the agent's own. Who prints more is read more slowly; Docker keeps the newest 8 MB of it.
 */
const pace = { perSecond: 200, burst: 1_000 };

/** Characters of a line; the rest of it is left out. */
const longest = 4_096;

/** Milliseconds in which what was read is repeated, at most, when the agent is killed. */
const saveMs = 1_000;

/** How far a container's lines were read, by its id. */
const cursors = z.record(
  z.string(),
  z.object({
    session: z.string(),
    /** Of the last line; empty: none yet. */
    time: z.string(),
    /** The container has ended, and nothing more will come. */
    over: z.boolean(),
  }),
);
type Cursor = z.infer<typeof cursors>[string];

/** What stands before the end of a screen, which is of no concern to others while `transcript` is off. */
const screen = /^last on the screen, (\d+) lines:$/;

export interface SessionLogOptions {
  engine: Engine;
  registry: Registry;
  clock: Clock;
  log: Log;
  /** Where it is kept how far everything was read. */
  file: string;
  /** The screens' text may leave the host. */
  transcript: () => boolean;
}

/** Passes on what sessions' containers print themselves, as lines of our own log (spec/3 "Session log"): each once, also when the agent starts anew. */
export class SessionLog {
  readonly #options: SessionLogOptions;
  readonly #pace: Pace;
  readonly #cursors = new Map<string, Cursor>();
  readonly #following = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();
  #saving: (() => void) | null = null;
  #saved: Promise<void> = Promise.resolve();

  constructor(options: SessionLogOptions) {
    this.#options = options;
    this.#pace = new Pace(options.clock, pace);
  }

  /** Goes on where an earlier agent stopped, with what has ended since too. */
  async load(): Promise<void> {
    const { file, registry } = this.#options;
    const kept = await readFile(file, "utf8")
      .then((text) => cursors.parse(JSON.parse(text)))
      .catch((): z.infer<typeof cursors> => ({})); // none yet, or not ours
    for (const [container, cursor] of Object.entries(kept))
      if (registry.metadata(cursor.session)) this.#cursors.set(container, cursor);
    for (const uuid of registry.uuids) this.#begin(uuid);
    for (const [container, { over }] of this.#cursors) if (!over) this.#follow(container);
  }

  hear({ type, session_id }: Change): void {
    if (type === "container.started") this.#begin(session_id);
    if (type !== "container.deleted") return;
    for (const [container, { session }] of this.#cursors)
      if (session === session_id) this.#cursors.delete(container);
    this.#save();
  }

  /** Resolves when it is kept how far everything was read. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#following.values());
    this.#saving?.();
    this.#write();
    await this.#saved;
  }

  #begin(session: string): void {
    const container = this.#options.registry.container(session);
    if (container === null) return;
    for (const [other, cursor] of this.#cursors)
      if (cursor.session === session && cursor.over) this.#cursors.delete(other);
    if (!this.#cursors.has(container)) this.#cursors.set(container, { session, time: "", over: false });
    this.#follow(container);
  }

  #follow(container: string): void {
    if (this.#following.has(container)) return;
    const done = this.#readAll(container).finally(() => this.#following.delete(container));
    this.#following.set(container, done);
  }

  /** The engine ends the stream with the container; when it ends before that, the engine was lost. */
  async #readAll(container: string): Promise<void> {
    const { registry, clock, log } = this.#options;
    const { signal } = this.#closing;
    for (let attempt = 0; ; attempt += 1) {
      const cursor = this.#cursors.get(container);
      if (!cursor) return;
      try {
        await this.#read(container, cursor);
      } catch (error) {
        if (signal.aborted) return;
        log.debug({ err: error, session: cursor.session }, "what a session prints cannot be read now");
      }
      if (registry.container(cursor.session) !== container) {
        cursor.over = true;
        return this.#save();
      }
      await pause(clock, backoffDelay(attempt), signal);
    }
  }

  async #read(container: string, cursor: Cursor): Promise<void> {
    const { engine, transcript } = this.#options;
    const { signal } = this.#closing;
    let hidden = 0;
    for await (const line of engine.follow(container, cursor.time, signal)) {
      if (signal.aborted || !this.#cursors.has(container)) return;
      if (hidden > 0) hidden -= Number(line.ends);
      else {
        const [, lines] = screen.exec(line.text) ?? [];
        if (lines !== undefined && !transcript()) hidden = Number(lines);
        else await this.#pass(cursor.session, line);
        if (signal.aborted) return;
      }
      // Never in the middle of a screen: who goes on there would take the rest of it for the container's own words.
      if (hidden > 0) continue;
      cursor.time = line.time;
      this.#save();
    }
  }

  async #pass(session: string, { text }: Printed): Promise<void> {
    const { registry, log } = this.#options;
    const plain = plainLine(text.slice(0, longest));
    if (plain === "") return;
    await this.#pace.turn(this.#closing.signal);
    if (this.#closing.signal.aborted) return;
    log.info({ session, name: registry.metadata(session)?.name, text: plain }, "session printed");
  }

  #save(): void {
    this.#saving ??= this.#options.clock.after(saveMs, () => this.#write());
  }

  #write(): void {
    const { file, log } = this.#options;
    this.#saving = null;
    const text = `${JSON.stringify(Object.fromEntries(this.#cursors))}\n`;
    this.#saved = this.#saved
      .then(() => writeAtomically(file, text))
      .catch((error: unknown) =>
        log.error({ err: error }, "how far the sessions' lines were read could not be kept"),
      );
  }
}
