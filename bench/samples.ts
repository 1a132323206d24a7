/** Times of one thing that was done again and again, in milliseconds. */
export class Samples {
  readonly #times: number[] = [];

  async time(work: () => unknown): Promise<void> {
    const start = performance.now();
    await work();
    this.#times.push(performance.now() - start);
  }

  add(...times: number[]): void {
    this.#times.push(...times);
  }

  get count(): number {
    return this.#times.length;
  }

  /** The value that `share` (0 to 1) of the samples do not exceed. */
  quantile(share: number): number {
    const sorted = [...this.#times].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  }

  get p50(): number {
    return this.quantile(0.5);
  }

  get p99(): number {
    return this.quantile(0.99);
  }
}

/** `1.25 (p99 1.40)`: how many times the baseline. */
export const ratio = (of: Samples, to: Samples): string =>
  `${(of.p50 / to.p50).toFixed(2)} (p99 ${(of.p99 / to.p99).toFixed(2)})`;
