import type { Terminal } from "../docker/engine.ts";
import type { Clock } from "../host/clock.ts";
import { isAlive, startTime } from "../host/processes.ts";

/**
 * A process that ends closes its terminal a moment earlier: that many times it is looked at again, `every` so many ms, and
 * that many times the engine is asked for one that has begun, after `seek` ms each.
 */
const looks = { count: 10, every: 50, seek: 500 };

interface Process {
  pid: number;
  started: string;
}

/**
 * The tmux client behind an operator's terminal, as this host sees it. It outlives the engine's connection to it, and
 * the engine: an engine that went away cannot be asked for it any more.
 */
export class TerminalProcess {
  readonly #terminal: Pick<Terminal, "pid">;
  #known: Process | null = null;
  #asked: Promise<Process | null> | null = null;

  constructor(terminal: Pick<Terminal, "pid">) {
    this.#terminal = terminal;
  }

  /** Asks the engine until it knows, which on a busy host is a while after the first output. */
  async seek(clock: Clock): Promise<void> {
    for (let look = 0; look < looks.count && !(await this.find()); look += 1) {
      await new Promise<void>((resolve) => clock.after(looks.seek, resolve));
    }
  }

  /** Asks the engine, unless it has told already. */
  find(): Promise<Process | null> {
    if (this.#known) return Promise.resolve(this.#known);
    this.#asked ??= this.#ask().finally(() => (this.#asked = null));
    return this.#asked;
  }

  async #ask(): Promise<Process | null> {
    const pid = await this.#terminal.pid().catch(() => null);
    const started = pid === null ? null : startTime(pid);
    if (pid !== null && started !== null) this.#known = { pid, started };
    return this.#known;
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
