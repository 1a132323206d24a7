import type { Operation } from "../context.ts";
import { findSession } from "./get.ts";
import { stopContainer } from "./kill.ts";

/** `delete` is a word of the language: the operation is named remove here. */
export const remove: Operation<"delete"> = async (context, { id }) => {
  const { metadata } = findSession(context, id);
  const { registry, engine, homes, store, locks } = context;
  await locks.hold(metadata.uuid, async () => {
    await stopContainer(context, metadata.uuid);
    await engine.remove(metadata.uuid);
    await homes.remove(metadata.uuid);
    await store.remove(metadata.uuid, () => registry.remove(metadata.uuid));
  });
  return {};
};
