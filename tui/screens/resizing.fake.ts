import type { Tmux } from "./tmux.fake.ts";

interface Size {
  cols: number;
  rows: number;
}

/** Milliseconds between two sizes, and how many there are at most. */
const pace = { every: 60, most: 1_000 };

/** Changes a terminal's size again and again; the same sizes for the same seed. */
export class Resizing {
  readonly #terminal: Tmux;
  readonly #least: Size;
  #seed: number;
  #over = false;
  #done: Promise<void> = Promise.resolve();
  /** What the terminal is now. */
  size: Size;

  constructor(terminal: Tmux, { seed, size, least }: { seed: number; size: Size; least: Size }) {
    this.#terminal = terminal;
    this.#seed = seed;
    this.#least = least;
    this.size = size;
  }

  start(): void {
    this.#done = this.#run();
    // Whoever stops it hears of a failure.
    this.#done.catch(() => {});
  }

  /** Resolves when the last size is the terminal's. */
  async stop(): Promise<void> {
    this.#over = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    for (let i = 0; i < pace.most && !this.#over; i += 1) {
      this.size = { cols: this.#between(this.#least.cols, 200), rows: this.#between(this.#least.rows, 60) };
      await this.#terminal.resize(this.size);
      await new Promise((resolve) => setTimeout(resolve, pace.every));
    }
  }

  /** Park and Miller's generator. */
  #between(low: number, high: number): number {
    this.#seed = (this.#seed * 48_271) % 0x7fffffff;
    return low + (this.#seed % (high - low + 1));
  }
}
