/** Failures before the first wait: a mistyped path or a forgotten key costs nothing. */
const free = 3;
const firstMs = 250;
/** An address without a failure for this long is forgotten. */
const forgetMs = 60_000;
/** Addresses remembered; beyond it the longest known is forgotten, so that a flood from everywhere costs no memory. */
const addressesMax = 4_096;

/** Makes addresses that keep failing to authenticate wait before they may try again (sshd: PerSourcePenalties). */
export class Penalties {
  readonly #maxMs: number;
  readonly #now: () => number;
  readonly #failures = new Map<string, { count: number; at: number }>();

  /** `now` in milliseconds. */
  constructor(maxMs: number, now: () => number) {
    this.#maxMs = maxMs;
    this.#now = now;
  }

  failed(address: string): void {
    const count = this.#count(address) + 1;
    this.#failures.delete(address);
    this.#failures.set(address, { count, at: this.#now() });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > addressesMax && oldest !== undefined) this.#failures.delete(oldest);
  }

  succeeded(address: string): void {
    this.#failures.delete(address);
  }

  /** Milliseconds that a new connection from `address` has to wait. */
  wait(address: string): number {
    const over = this.#count(address) - free;
    return over < 0 ? 0 : Math.min(this.#maxMs, firstMs * 2 ** Math.min(over, 16));
  }

  #count(address: string): number {
    const known = this.#failures.get(address);
    return known && this.#now() - known.at < forgetMs ? known.count : 0;
  }
}
