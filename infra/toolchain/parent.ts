import { readFileSync } from "node:fs";

/** Between two looks, in milliseconds. */
const pause = 500;

/**
 * Calls `act` when the process that started this one is gone: an engine that is killed (-9) tells nobody, and what it started
 * would work on beside the next run's. Does not keep the process alive.
 */
export function onOrphaned(act: () => void): void {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    act();
  }, pause);
  watch.unref();
}

/** The process that started a process; null where that cannot be told (no /proc, or it is gone). */
function parentOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")")).split(" ")[2]);
  } catch {
    return null;
  }
}

/**
 * For the program itself, which the engine's language host runs, and that one outlives a killed (-9) engine for minutes: the program may ask
 * for its engine all the time, in ever more memory.
 */
export function endWithEngine(end: () => void): void {
  const host = process.ppid;
  const engine = parentOf(host);
  const watch = setInterval(() => {
    if (process.ppid === host && parentOf(host) === engine) return;
    clearInterval(watch);
    end();
  }, pause);
  watch.unref();
}

/**
 * For the programs that the engine runs on this machine for a step: they end with their engine, and of an error they say what
 * it is, not where. `end`: leaves the process with a status.
 */
export function runForEngine(end: (status: number) => void): void {
  onOrphaned(() => end(1));
  process.on("uncaughtException", (error) => {
    console.error(error.message);
    end(1);
  });
}
