import { type FSWatcher, watch } from "node:fs";

/** How long a burst of changes is gathered, so that a file being written is not read half-way. */
const gatherMs = 100;
/** A watched directory may be replaced, or not exist yet: it is looked at again this often. */
const againMs = 5_000;

/** Calls back after anything directly in `directory` changed, and every few seconds anyway. Returns what ends it. */
export function watchDirectory(directory: string, onChange: () => void): () => void {
  let watcher: FSWatcher | null = null;
  let pending: NodeJS.Timeout | null = null;

  const changed = () => {
    pending ??= setTimeout(() => {
      pending = null;
      onChange();
    }, gatherMs);
  };
  const arm = () => {
    watcher?.close();
    watcher = null;
    try {
      watcher = watch(directory, changed);
      watcher.on("error", changed);
    } catch {
      // Not there, or out of watches: the timer below keeps looking.
    }
  };
  arm();
  const again = setInterval(() => {
    arm();
    changed();
  }, againMs);
  return () => {
    clearInterval(again);
    if (pending) clearTimeout(pending);
    watcher?.close();
  };
}
