import type { Operation } from "../context.ts";
import { findSession } from "./get.ts";
import { stopContainer } from "./kill.ts";

/** `delete` is a word of the language: the operation is named remove here. */
export const remove: Operation<"delete"> = async (context, { id }) => {
  const { uuid } = findSession(context, id).metadata;
  const { registry, engine, homes, store, locks, log } = context;
  await locks.hold(uuid, async () => {
    await stopContainer(context, uuid);
    await engine.remove(uuid);
    await store.discard(uuid, () => registry.remove(uuid));
    try {
      await homes.remove(uuid);
      await store.forget(uuid);
    } catch (error) {
      log.warn({ err: error, session: uuid }, "the rest of a deleted session's home is removed later");
    }
  });
  return {};
};
