import type { Random } from "./random.ts";

export type Say = (line: string) => void;

/** What a campaign runs with. */
export interface Conditions {
  /** Every random decision comes from here. */
  random: Random;
  /** The options of its own by name, as given or as they are by default. */
  options: Readonly<Record<string, number>>;
  say: Say;
}

/** A long test that is a command of its own. */
export interface Campaign {
  name: string;
  description: string;
  /** Whole numbers besides `--seed`, which every campaign has. */
  options: readonly { name: string; description: string; value: number }[];
  /** What it found wrong, a line each; says itself what it measured. Throws when it could not be run. */
  run(conditions: Conditions): Promise<string[]>;
}

/** The value of an option that the campaign has. */
export function option({ options }: Conditions, name: string): number {
  const value = options[name];
  if (value === undefined) throw new Error(`no option ${name}`);
  return value;
}
