import { createInterface } from "node:readline/promises";
import type { Context } from "./context.ts";

/** Asks on the terminal; null where there is none. The question goes to standard error: standard output is for results. */
export async function ask({ stdin, stderr }: Context, question: string): Promise<string | null> {
  if (!stdin.isTTY) return null;
  stderr.write(question);
  const lines = createInterface({ input: stdin, terminal: false });
  try {
    // A terminal that is hung up answers nothing: that is no consent.
    return await Promise.race([
      new Promise<string>((resolve) => lines.once("line", resolve)),
      new Promise<string>((resolve) => lines.once("close", () => resolve(""))),
    ]);
  } finally {
    lines.close();
  }
}
