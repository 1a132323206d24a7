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
}

/**
 * Keeps the registry true by the engine's event stream. When the stream is lost, it is opened again with back-off, from
 * the last event on, and what was missed is read from a list of all containers.
 */
export async function watchEngine({
  engine,
  registry,
  clock,
  log,
}: WatchOptions): Promise<{ close(): void }> {
  let closed = false;
  let lastNano = 0;
  let attempt = 0;
  let stream: { close(): void } | null = null;
  let cancelRetry = () => {};
  const outOfMemory = new Set<string>();

  function hear(event: EngineEvent): void {
    if (event.timeNano < lastNano) return; // `since` repeats what we have heard
    lastNano = event.timeNano;
    const { session, container, exitCode } = event;
    if (event.action === "oom") outOfMemory.add(container);
    if (event.action === "start") void list();
    if (event.action === "die")
      registry.stopped(session, container, { exitCode, oom: outOfMemory.delete(container) });
    if (event.action === "destroy") registry.stopped(session, container, { exitCode: null, oom: false });
  }

  async function list(): Promise<void> {
    const containers = new Map((await engine.list()).map((state) => [state.session, state]));
    for (const uuid of registry.uuids) {
      const state = containers.get(uuid);
      const known = registry.container(uuid);
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
    attempt = 0;
  }

  function lost(): void {
    if (closed) return;
    const delay = attempt === 0 ? 0 : backoffDelay(attempt - 1);
    attempt += 1;
    log.warn({ delay }, "the engine's event stream ended: opening it again");
    cancelRetry = clock.after(delay, () => {
      open().catch((error: unknown) => {
        log.error({ err: error }, "the engine does not answer");
        stream?.close();
        lost();
      });
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
