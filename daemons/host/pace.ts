import { pause, type Clock } from "./clock.ts";

/** Who wants to do something waits here for a turn, first come, first served: `burst` turns at once, and `perSecond` in the long run. */
export class Pace {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #burst: number;
  /** When the next turn would be, in milliseconds since the epoch, if there were no bursts. */
  #next = 0;

  constructor(clock: Clock, { perSecond, burst }: { perSecond: number; burst: number }) {
    this.#clock = clock;
    this.#intervalMs = 1_000 / perSecond;
    this.#burst = burst;
  }

  /** Resolves when it is one's turn, or at once when the signal is given. */
  async turn(signal: AbortSignal): Promise<void> {
    const now = this.#clock.now().getTime();
    this.#next = Math.max(this.#next, now) + this.#intervalMs;
    const wait = this.#next - now - this.#burst * this.#intervalMs;
    if (wait > 0) await pause(this.#clock, wait, signal);
  }
}
