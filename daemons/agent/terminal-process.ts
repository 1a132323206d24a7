import type { Terminal } from "../docker/engine.ts";
import type { Clock } from "../host/clock.ts";
import { isAlive, startTime } from "../host/processes.ts";

/** A process that ends closes its terminal a moment earlier: that many times it is looked at again, after so many ms. */
const looks = { count: 10, every: 50 };

/**
 * The tmux client behind an operator's terminal, as this host sees it. It outlives the engine's connection to it, and
 * the engine: an engine that went away cannot be asked for it any more.
 */
export class TerminalProcess {
  readonly #terminal: Pick<Terminal, "pid">;
  #found: Promise<{ pid: number; started: string } | null> = Promise.resolve(null);

  constructor(terminal: Pick<Terminal, "pid">) {
    this.#terminal = terminal;
  }

  /** Asks the engine, which knows the process once it has printed something, unless it has told already. */
  find(): Promise<{ pid: number; started: string } | null> {
    this.#found = this.#found.then(async (known) => {
      if (known) return known;
      const pid = await this.#terminal.pid().catch(() => null);
      const started = pid === null ? null : startTime(pid);
      return pid === null || started === null ? null : { pid, started };
    });
    return this.#found;
  }

  async #isAlive(): Promise<boolean> {
    const found = await this.find();
    return found !== null && isAlive(found.pid, found.started);
  }

  /** Whether it lives on although its terminal has ended. */
  async outlives(clock: Clock): Promise<boolean> {
    for (let look = 0; look < looks.count; look += 1) {
      if (!(await this.#isAlive())) return false;
      await new Promise<void>((resolve) => clock.after(looks.every, resolve));
    }
    return this.#isAlive();
  }

  /** Tells it that its terminal is gone. */
  async hangUp(): Promise<void> {
    const found = await this.find();
    if (!found || !isAlive(found.pid, found.started)) return;
    try {
      process.kill(found.pid, "SIGHUP");
    } catch {
      // It ended in between.
    }
  }
}
