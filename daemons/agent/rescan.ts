import type { Context } from "./context.ts";
import { removeDiscarded } from "./leftovers.ts";

/**
 * Brings the registry of a running agent to what is on disk: provisioning moves sessions in and out. What this agent itself is
 * making or deleting meanwhile is its own affair.
 */
export async function rescan(context: Context): Promise<void> {
  const { registry, store, log } = context;
  const present = await store.present();
  const known = new Set([...registry.uuids, ...registry.neighbours().map(({ uuid }) => uuid)]);
  for (const [uuid, session] of present) {
    if (known.has(uuid)) continue;
    log.info({ session: uuid, name: session.name }, "a session was brought to this agent");
    registry.add(session);
  }
  for (const uuid of registry.uuids) {
    if (present.has(uuid) || registry.container(uuid) !== null) continue;
    log.info({ session: uuid }, "a session was taken from this agent");
    registry.remove(uuid);
  }
  await removeDiscarded(context);
}
