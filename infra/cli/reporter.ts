import type { Context, Sink } from "./context.ts";
import type { CliEvent } from "./events.ts";
import { advance, progressLines, type Progress } from "./progress.ts";
import { eventLine } from "./report-lines.ts";

/** Tells the operator, or a program, what happens. */
export interface Reporter {
  emit: (event: CliEvent) => void;
  /** Nothing comes after it. */
  end: () => void;
}

/** JSON on one line that is harmless on a terminal: what JSON leaves as it is of control and direction characters is escaped. */
const jsonLine = (value: unknown) =>
  `${JSON.stringify(value).replace(/[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  )}\n`;

/** One JSON object a line. */
export const jsonReporter = (out: Sink): Reporter => ({
  emit: (event) => void out.write(jsonLine(event)),
  end: () => undefined,
});

/** Plain lines, for logs: progress on `out`, what failed on `err`. */
export const lineReporter = (out: Sink, err: Sink): Reporter => ({
  emit: (event) => {
    const line = eventLine(event);
    if (line !== null) void (event.type === "failure" ? err : out).write(`${line}\n`);
  },
  end: () => undefined,
});

/** Rows of a terminal that does not say how many it has; some say 0. */
const usualRows = 24;

/** A table that is drawn anew in its place: a row a host. Everything else is printed above it as lines. */
export function tableReporter(out: Sink & { rows?: number }, err: Sink, now: () => number): Reporter {
  let progress: Progress = new Map();
  let drawn = 0;
  const erase = () => {
    if (drawn > 0) out.write(`\x1b[${String(drawn)}A\x1b[0J`);
    drawn = 0;
  };
  const draw = () => {
    const size = { columns: (out.columns || 80) - 1, rows: (out.rows || usualRows) - 2 };
    const lines = progress.size === 0 ? ["planning …"] : progressLines(progress, now(), size);
    erase();
    out.write(lines.map((line) => `${line}\n`).join(""));
    drawn = lines.length;
  };
  // Seconds go on without events.
  const tick = setInterval(draw, 1_000);
  return {
    emit: (event) => {
      progress = advance(progress, event, now());
      if (event.type !== "step" && event.type !== "host") {
        erase();
        const line = eventLine(event);
        if (line !== null) void (event.type === "failure" ? err : out).write(`${line}\n`);
      }
      draw();
    },
    end: () => {
      clearInterval(tick);
      if (progress.size === 0) erase();
    },
  };
}

/** `dryRun`: a plan is a list of lines, with nothing to watch. */
export function openReporter(
  { stdout, stderr, now }: Context,
  { json, dryRun }: { json: boolean; dryRun: boolean },
): Reporter {
  if (json) return jsonReporter(stdout);
  return stdout.isTTY && !dryRun ? tableReporter(stdout, stderr, now) : lineReporter(stdout, stderr);
}
