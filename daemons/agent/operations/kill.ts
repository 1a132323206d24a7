import type { Context, Operation } from "../context.ts";
import { findSession } from "./get.ts";

/** Seconds a session's programs have to end by themselves. */
const graceSeconds = 10;

/** Stops the container and waits for its end; nothing happens when there is none. */
export async function stopContainer({ registry, engine }: Context, uuid: string): Promise<void> {
  const container = registry.container(uuid);
  if (container === null) return;
  registry.endingSoon(uuid, true);
  try {
    await engine.stop(container, graceSeconds);
  } catch (error) {
    registry.endingSoon(uuid, false);
    throw error;
  }
  // The event says the same, a moment later or (while the stream is lost) much later.
  registry.stopped(uuid, container, { exitCode: null, oom: false });
}

export const kill: Operation<"kill"> = async (context, { id }) => {
  const { metadata } = findSession(context, id);
  await context.locks.hold(metadata.uuid, () => stopContainer(context, metadata.uuid));
  return {};
};
