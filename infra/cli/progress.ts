import type { CliEvent } from "./events.ts";
import { hostText } from "./report-lines.ts";

interface Row {
  total: number;
  done: number;
  /** Steps under way, and since when (milliseconds since 1970). */
  running: ReadonlyMap<string, number>;
  failed: string | null;
  end: string | null;
}

/** A row for each host, in the order in which they were first named; `fleet` is what all share. */
export type Progress = ReadonlyMap<string, Row>;

const empty: Row = { total: 0, done: 0, running: new Map(), failed: null, end: null };

function afterStep(row: Row, event: Extract<CliEvent, { type: "step" }>, now: number): Row {
  const running = new Map(row.running);
  running.delete(event.step);
  switch (event.status) {
    case "planned":
      return { ...row, total: row.total + 1 };
    case "started":
      return { ...row, running: running.set(event.step, now) };
    case "done":
      return { ...row, running, done: row.done + 1 };
    case "failed":
      return { ...row, running, failed: event.step };
  }
}

/** The table after an event. */
export function advance(progress: Progress, event: CliEvent, now: number): Progress {
  if (event.type !== "step" && event.type !== "host") return progress;
  const name = event.host ?? "fleet";
  const row = progress.get(name) ?? empty;
  const next = event.type === "step" ? afterStep(row, event, now) : { ...row, end: hostText(event) };
  return new Map(progress).set(name, next);
}

function rowText(row: Row, now: number): string {
  if (row.failed !== null) return `failed: ${row.failed}`;
  if (row.end !== null) return row.end;
  const count = `${String(row.done)}/${String(row.total)}`;
  const steps = [...row.running].map(
    ([step, since]) => `${step} ${String(Math.max(0, Math.round((now - since) / 1000)))} s`,
  );
  return [count, ...(steps.length > 0 ? [steps.join(", ")] : [row.done > 0 ? "waiting" : ""])]
    .join("  ")
    .trimEnd();
}

/** What there is to look at comes first when not all fits: what failed, then what is under way. */
const weight = ({ failed, running, end }: Row) =>
  failed !== null ? 0 : running.size > 0 ? 1 : end === null ? 2 : 3;

/** The table as lines of at most `columns`; what does not fit into `rows` is counted in the last one. */
export function progressLines(
  progress: Progress,
  now: number,
  { columns, rows }: { columns: number; rows: number },
): string[] {
  const entries = [...progress];
  const shown =
    entries.length <= rows
      ? entries
      : [...entries].sort(([, a], [, b]) => weight(a) - weight(b)).slice(0, Math.max(0, rows - 1));
  const width = Math.max(...entries.map(([name]) => name.length), 0);
  const lines = shown.map(([name, row]) => `${name.padEnd(width)}  ${rowText(row, now)}`);
  if (shown.length < entries.length) lines.push(`and ${String(entries.length - shown.length)} more`);
  return lines.map((line) => line.slice(0, columns));
}
