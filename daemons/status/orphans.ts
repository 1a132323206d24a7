import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { agentFiles } from "../../protocol/config.ts";
import type { FleetMessage } from "../../protocol/fleet.ts";
import type { Copied, Orphan } from "../../protocol/orphan.ts";
import type { Log } from "../host/log.ts";
import { orphanedHomes } from "../host/orphaned-homes.ts";
import { watchDirectory } from "../host/watch.ts";
import { treeSize } from "./tree-size.ts";

/** So many are told, and so much of a name: more is a defect or an attack, not work that somebody looks for. */
const told = { orphans: 1_000, name: 256 };

/** The hub's side of it. */
export interface Claims {
  /** UUIDs of the sessions that agents have, or had when they were heard last; null: not all were heard yet. */
  claims(): ReadonlySet<string> | null;
  orphans(all: Orphan[]): void;
  subscribe(listener: (changes: readonly FleetMessage[]) => void): () => void;
}

export interface OrphansOptions {
  /** Where session directories are; `/home/convocate`. */
  homes: string;
  /** `/etc/convocate-agent`: a host that is an agent itself has no orphans, for its agent adopts what it finds. */
  agentConfig: string;
  hub: Claims;
  log: Log;
}

/** What is counted of a home, and of which state of it. */
interface Counted {
  mtimeMs: number;
  bytes: number | null;
}

/**
 * Keeps the hub told of the orphans: directories that no agent claims. They were written by sessions' own roots: nothing in
 * them is followed, waited for or believed beyond `Copied`, and their sizes are counted in the background, one at a time.
 */
export function watchOrphans({ homes, agentConfig, hub, log }: OrphansOptions): { close(): void } {
  const counted = new Map<string, Counted>();
  let shown: Orphan[] = [];
  let stopCounting: (() => void) | null = null;
  let closed = false;
  /** The last look was in vain: an agent was not heard yet. */
  let unheard = false;
  let looking: Promise<void> | null = null;

  async function look(): Promise<void> {
    const claims = hub.claims();
    unheard = claims === null;
    const isAgent = await lstat(join(agentConfig, agentFiles.id)).then(
      () => true,
      () => false,
    );
    // Who was not heard yet may have any of them.
    const found = claims === null || isAgent ? [] : await orphanedHomes(homes, claims);
    if (closed) return;
    const uuids = new Set(found.map(({ uuid }) => uuid));
    for (const uuid of counted.keys()) if (!uuids.has(uuid)) counted.delete(uuid);
    shown = found.slice(0, told.orphans).map(withSize);
    hub.orphans(shown);
    count();
  }
  function withSize({ name, ...rest }: Copied): Orphan {
    const { bytes = null } = counted.get(rest.uuid) ?? {};
    return { ...rest, name: name.slice(0, told.name), ...(bytes !== null && { bytes }) };
  }
  /** Counts the next one that was not counted as it is now. */
  function count(): void {
    if (stopCounting || closed) return;
    stopCounting = () => undefined;
    void countNext()
      .catch((error: unknown) => log.warn({ err: error }, "an orphan's size could not be counted"))
      .then((more) => {
        stopCounting = null;
        if (more) count();
      });
  }
  async function countNext(): Promise<boolean> {
    for (const { uuid } of shown) {
      const home = join(homes, uuid);
      const mtimeMs = await lstat(home).then(
        (stat) => stat.mtimeMs,
        () => null,
      );
      if (mtimeMs === null || counted.get(uuid)?.mtimeMs === mtimeMs) continue;
      const { size, stop } = treeSize(home);
      stopCounting = stop;
      if (closed) stop();
      const bytes = await size;
      if (closed) return false;
      counted.set(uuid, { mtimeMs, bytes });
      shown = shown.map(withSize);
      hub.orphans(shown);
      return true;
    }
    return false;
  }
  function later(): void {
    looking ??= look()
      .catch((error: unknown) => log.error({ err: error, homes }, "orphans could not be looked for"))
      .finally(() => (looking = null));
  }
  const unsubscribe = hub.subscribe((changes) => {
    if (unheard && hub.claims() !== null) later();
    const claimed = new Set(changes.flatMap((one) => (one.type === "session" ? [one.session.uuid] : [])));
    if (!shown.some(({ uuid }) => claimed.has(uuid))) return;
    // Claimed now: gone from the list at once, whatever else is under way.
    shown = shown.filter(({ uuid }) => !claimed.has(uuid));
    hub.orphans(shown);
  });
  const unwatch = watchDirectory(homes, later);
  later();
  return {
    close() {
      closed = true;
      unsubscribe();
      unwatch();
      stopCounting?.();
    },
  };
}
