import { stat } from "node:fs/promises";
import { fileError } from "./file-error.ts";
import type { LogFacts } from "./log-check.ts";
import { patience } from "./within.ts";

/** Milliseconds between two looks. */
const pause = 100;

/** Looks at a log until something arrives in it that was not there at `before`, or patience ends. */
export async function watchLog(file: string, before: LogState): Promise<LogFacts> {
  const began = performance.now();
  for (;;) {
    const state = await logState(file);
    const ms = performance.now() - began;
    if (state.kind === "absent") return state;
    if (before.kind === "absent" || state.size !== before.size || state.changed > before.changed)
      return { kind: "arrived", ms };
    if (ms >= patience) return { kind: "still", last: state.changed };
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

export type LogState =
  /** Bytes, and milliseconds since 1970. */
  { kind: "there"; size: number; changed: number } | { kind: "absent"; why: string };

export async function logState(file: string): Promise<LogState> {
  try {
    const { size, mtimeMs } = await stat(file);
    return { kind: "there", size, changed: mtimeMs };
  } catch (error) {
    return { kind: "absent", why: `${file}: ${fileError(error)}` };
  }
}
