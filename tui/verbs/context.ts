import type { Readable, Writable } from "node:stream";
import type { Access } from "../client/access.ts";

/** What a verb works with. */
export interface Context {
  access: Access;
  /** Whose key it was that logged in; null: nobody's, somebody with a shell on this machine. */
  operator: string | null;
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
  /** Of the operator's terminal, where there is one. */
  term: string | undefined;
  colorterm: string | undefined;
  /** Standard output is a terminal that has colours, and nobody asked for none (no-color.org). */
  colors: boolean;
}

/** JSON on one line, as harmless on a terminal as `printJson`'s. */
export const jsonLine = (value: unknown): string => `${harmless(JSON.stringify(value))}\n`;

const harmless = (json: string): string => json.replace(unsafe, escaped);

/** Prints JSON in which names of others are escaped far enough to be harmless on a terminal, and stay the same JSON. */
export function printJson(context: Context, value: unknown): void {
  context.stdout.write(`${harmless(JSON.stringify(value, null, 2))}\n`);
}

/** What JSON leaves as it is: C1 and format characters (bidi, zero width). */
const unsafe = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;

const escaped = (character: string): string =>
  character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
