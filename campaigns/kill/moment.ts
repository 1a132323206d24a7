import type { Random } from "../random.ts";
import { kinds, type Kind } from "./model.ts";

/** How long operations take here, as measured: decides where within one a moment falls. Starts from guesses. */
export class Durations {
  readonly #ms: Record<Kind, number> = {
    create: 60,
    clone: 900,
    restart: 600,
    kill: 700,
    edit: 20,
    delete: 500,
  };

  of(kind: Kind): number {
    return this.#ms[kind];
  }

  took(kind: Kind, ms: number): void {
    this.#ms[kind] += (ms - this.#ms[kind]) / 8;
  }
}

/** Any operation will do when the wanted kind has not come up by then. */
const patience = 15;

/** Chooses when to strike: at a random part of an operation of a random kind, so that every kind is met in its middle. */
export class Moment {
  readonly #wanted: Kind;
  readonly #part: number;
  readonly #durations: Durations;
  #skip: number;
  #sent = 0;
  #struck = false;
  readonly reached: Promise<void>;
  #reach: () => void = () => undefined;

  constructor(random: Random, durations: Durations) {
    this.#wanted = random.pick(kinds);
    this.#part = random.next();
    this.#skip = random.int(0, 2);
    this.#durations = durations;
    this.reached = new Promise((resolve) => (this.#reach = resolve));
  }

  sent(kind: Kind): void {
    this.#sent += 1;
    const fits = kind === this.#wanted && this.#skip-- <= 0;
    if (this.#struck || (!fits && this.#sent < patience)) return;
    this.#struck = true;
    // The moment itself: how far into the operation.
    setTimeout(this.#reach, this.#part * this.#durations.of(kind));
  }
}
