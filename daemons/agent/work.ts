import { ConvocateError } from "../../protocol/errors.ts";
import type { Clock } from "../host/clock.ts";

/** Operations under way: an agent that is asked to end finishes them and begins no other. */
export class Work {
  readonly #under = new Set<Promise<unknown>>();
  #ending = false;

  async run<T>(operation: () => Promise<T>): Promise<T> {
    if (this.#ending) throw new ConvocateError("ending", "the agent is being stopped: try again in a moment");
    const under = operation();
    this.#under.add(under);
    return under.finally(() => this.#under.delete(under));
  }

  /** Resolves when nothing is under way any more, or after `withinMs`; says how many operations were left then. */
  async drain(withinMs: number, clock: Clock): Promise<number> {
    this.#ending = true;
    const late = new Promise<void>((resolve) => clock.after(withinMs, resolve));
    await Promise.race([Promise.allSettled(this.#under), late]);
    return this.#under.size;
  }
}
