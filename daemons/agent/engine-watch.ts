import { backoffDelay } from "../../protocol/transport.ts";
import type { Engine, EngineEvent } from "../docker/engine.ts";
import type { Clock } from "../host/clock.ts";
import type { Log } from "../host/log.ts";
import type { Registry } from "./registry.ts";

export interface WatchOptions {
  engine: Engine;
  registry: Registry;
  clock: Clock;
  log: Log;
  /** The engine answers again after it did not. */
  onBack: () => void;
}

/** Exit status of what SIGKILL ended, which is how the kernel ends what takes too much memory. */
const killed = 128 + 9;
/** An end so many nanoseconds after a program ran out of memory is of that; later ones have causes of their own. */
const oomNano = 5e9;

/**
 * Keeps the registry true by the engine's event stream. When the stream is lost, it is opened again with back-off, from
 * the last event on, and what was missed is read from a list of all containers.
 */
export async function watchEngine({
  engine,
  registry,
  clock,
  log,
  onBack,
}: WatchOptions): Promise<{ close(): void }> {
  let closed = false;
  let lastNano = 0;
  let attempt = 0;
  let stream: { close(): void } | null = null;
  let cancelRetry = () => {};
  /** When a container ran out of memory last. */
  const outOfMemory = new Map<string, number>();
  /** Time of the last event of each container: only those of one container are certain to come in order. */
  const heard = new Map<string, number>();
  /** Containers that ended since the list under way began. */
  const ended = new Set<string>();
  let lists: Promise<void> = Promise.resolve();
  let waiting: Promise<void> | null = null;

  function hear(event: EngineEvent): void {
    const { session, container, exitCode, timeNano } = event;
    if (timeNano < (heard.get(container) ?? 0)) return; // `since` repeats what we have heard
    heard.set(container, timeNano);
    lastNano = Math.max(lastNano, timeNano);
    if (event.action === "oom") outOfMemory.set(container, timeNano);
    if (event.action === "start") list().catch(giveUp);
    if (event.action === "die") {
      ended.add(container);
      const since = timeNano - (outOfMemory.get(container) ?? Number.NEGATIVE_INFINITY);
      outOfMemory.delete(container);
      registry.stopped(session, container, { exitCode, oom: exitCode === killed && since < oomNano });
    }
    if (event.action === "destroy") {
      ended.add(container);
      heard.delete(container);
      registry.stopped(session, container, { exitCode: null, oom: false });
    }
  }

  /** One list at a time; who asks while one is under way gets the next. */
  function list(): Promise<void> {
    waiting ??= lists = lists
      .catch(() => undefined)
      .then(() => {
        waiting = null;
        return readAll();
      });
    return waiting;
  }

  async function readAll(): Promise<void> {
    ended.clear();
    const before = new Map(registry.uuids.map((uuid) => [uuid, registry.container(uuid)]));
    const containers = new Map((await engine.list()).map((state) => [state.session, state]));
    for (const uuid of registry.uuids) {
      const state = containers.get(uuid);
      const known = registry.container(uuid);
      // What began or ended meanwhile is newer than the list.
      if (known !== null && known !== before.get(uuid)) continue;
      if (state?.running && ended.has(state.id)) continue;
      if (known && (state?.id !== known || !state.running)) {
        registry.stopped(uuid, known, { exitCode: state?.exitCode ?? null, oom: state?.oomKilled ?? false });
      }
      if (state?.running) registry.started(uuid, state, state.since);
      else if (state) registry.found(uuid, state);
    }
  }

  async function open(): Promise<void> {
    // First the stream, then the list: what happens in between is heard twice rather than never.
    stream = await engine.events(lastNano, hear, lost);
    await list();
    if (attempt > 0) onBack();
    attempt = 0;
  }

  function giveUp(error: unknown): void {
    if (closed) return;
    log.error({ err: error }, "the engine does not answer");
    stream?.close();
    lost();
  }

  function lost(): void {
    if (closed) return;
    cancelRetry();
    const delay = attempt === 0 ? 0 : backoffDelay(attempt - 1);
    attempt += 1;
    log.warn({ delay }, "the engine's event stream ended: opening it again");
    cancelRetry = clock.after(delay, () => {
      open().catch(giveUp);
    });
  }

  await open();
  return {
    close() {
      closed = true;
      cancelRetry();
      stream?.close();
    },
  };
}
