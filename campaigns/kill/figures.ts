import { kinds, type Kind } from "./model.ts";

/** Counts by word, in the order of first use. */
class Counts {
  readonly #counts = new Map<string, number>();

  add(word: string, n = 1): void {
    this.#counts.set(word, (this.#counts.get(word) ?? 0) + n);
  }

  toString(): string {
    return [...this.#counts].map(([word, n]) => `${word} ${String(n)}`).join(", ");
  }
}

/** What a campaign of kills met: says whether it struck where it hurts. */
export class Figures {
  readonly #struck = new Counts();
  readonly #left = new Counts();
  readonly #answers = new Counts();
  readonly #healed: number[] = [];
  #points = 0;
  #turnedUp = 0;

  /** These operations were under way at a strike. */
  struck(under: readonly Kind[]): void {
    this.#points += 1;
    for (const kind of kinds) if (under.includes(kind)) this.#struck.add(kind);
    if (under.length === 0) this.#struck.add("nothing");
  }

  /** That much was half done on disk. */
  left(counts: Readonly<Record<string, number>>): void {
    for (const [word, n] of Object.entries(counts)) this.#left.add(word, n);
  }

  answered(word: string): void {
    this.#answers.add(word);
  }

  /** Everything was as it should be so many milliseconds after it was back. */
  healed(ms: number): void {
    this.#healed.push(ms);
  }

  /** A session that nobody was told of. */
  turnedUp(): void {
    this.#turnedUp += 1;
  }

  lines(): string[] {
    const sorted = [...this.#healed].sort((a, b) => a - b);
    const at = (share: number) => Math.round(sorted[Math.ceil(share * (sorted.length - 1))] ?? Number.NaN);
    return [
      `${String(this.#points)} points, with under way: ${this.#struck.toString()}`,
      `half done on disk right after them: ${this.#left.toString()}`,
      `answers: ${this.#answers.toString()}; made without an answer: ${String(this.#turnedUp)}`,
      `all as it should be ${String(at(0.5))} ms after the return (median), ${String(at(1))} ms at most`,
    ];
  }
}
