import type { Context } from "./context.ts";

/** Removes what a crash of the agent or of the engine left: helpers nobody waits for, homes half made or half removed. */
export async function removeLeftovers({ engine, agentId, homes, store }: Context): Promise<void> {
  // First who might still be writing.
  await engine.removeHelpers(agentId);
  for (const uuid of await store.discarded()) {
    await homes.remove(uuid);
    await store.forget(uuid);
  }
  await homes.sweep();
}
