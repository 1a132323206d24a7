import { readFile } from "node:fs/promises";
import { z } from "zod";
import { writeAtomically } from "../host/atomic-file.ts";
import type { Clock } from "../host/clock.ts";
import type { Log } from "../host/log.ts";
import type { Change } from "./registry.ts";

const record = z.object({ boot: z.string(), running: z.array(z.string()) });

/** A host that goes down ends its containers first: an end counts as the session's own only after so many milliseconds. */
const settleMs = 5_000;

export interface DesiredOptions {
  /** Where it is kept across restarts. */
  file: string;
  /** Differs after every boot of the host. */
  boot: string;
  clock: Clock;
  log: Log;
}

/** Which sessions are meant to run: those that were started and have not ended since. They outlive a reboot of the host. */
export class DesiredRunning {
  readonly #options: DesiredOptions;
  readonly #running = new Set<string>();
  readonly #ending = new Map<string, () => void>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: DesiredOptions) {
    this.#options = options;
  }

  /**
   * Takes over what runs now (`running`), and returns what ran before the host was rebooted and does not run. What ended
   * while only the agent was away stays as it is.
   */
  async load(running: readonly string[]): Promise<string[]> {
    const { file, boot, log } = this.#options;
    const kept = await readFile(file, "utf8")
      .then((text) => record.parse(JSON.parse(text)))
      .catch(() => null); // none yet, or not ours
    const missing = kept && kept.boot !== boot ? kept.running.filter((uuid) => !running.includes(uuid)) : [];
    for (const uuid of [...running, ...missing]) this.#running.add(uuid);
    if (missing.length > 0)
      log.info({ sessions: missing }, "the host was rebooted: starting what ran before");
    await this.#save();
    return missing;
  }

  hear({ type, session_id, data }: Change): void {
    if (type === "container.started") this.#set(session_id, true);
    if (type === "container.deleted") this.#set(session_id, false);
    if (type !== "container.stopped") return;
    const killed = z.object({ cause: z.literal("killed") }).safeParse(data).success;
    if (killed) return this.#set(session_id, false);
    const settled = this.#options.clock.after(settleMs, () => this.#set(session_id, false));
    this.#ending.set(session_id, settled);
  }

  /** Ends that have not settled stay unsaid: it may be the host that goes down. Resolves when all is on disk. */
  async close(): Promise<void> {
    for (const cancel of this.#ending.values()) cancel();
    await this.#turn;
  }

  #set(uuid: string, desired: boolean): void {
    this.#ending.get(uuid)?.();
    this.#ending.delete(uuid);
    if (this.#running.has(uuid) === desired) return;
    if (desired) this.#running.add(uuid);
    else this.#running.delete(uuid);
    void this.#save();
  }

  #save(): Promise<void> {
    const { file, boot, log } = this.#options;
    const write = () => writeAtomically(file, `${JSON.stringify({ boot, running: [...this.#running] })}\n`);
    const done = this.#turn
      .then(write)
      .catch((error: unknown) =>
        log.error({ err: error }, "which sessions are meant to run could not be kept"),
      );
    this.#turn = done;
    return done;
  }
}
