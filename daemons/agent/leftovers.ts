import type { Context } from "./context.ts";

/** Removes what a crash of the agent or of the engine left: helpers nobody waits for, homes half made or half removed. */
export async function removeLeftovers(context: Context): Promise<void> {
  // First who might still be writing.
  await context.engine.removeHelpers(context.agentId);
  await removeDiscarded(context);
  await context.homes.sweep(async (uuid) => (await context.locks.holder(uuid)) !== null);
}

/** Removes what is left of sessions that do not exist any more. */
export async function removeDiscarded({ homes, store }: Context): Promise<void> {
  for (const uuid of await store.discarded()) {
    await homes.remove(uuid);
    await store.forget(uuid);
  }
}
