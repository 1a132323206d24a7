import { ConvocateError, errors } from "../../../protocol/errors.ts";
import { containerSpec } from "../container-spec.ts";
import type { Context, Operation } from "../context.ts";
import type { Metadata } from "../metadata-store.ts";
import { findSession } from "./get.ts";

async function usableImage({ currentImage, engine }: Context): Promise<string> {
  const image = await currentImage();
  if (image === null)
    throw new ConvocateError("no_image", "this agent has no current image: run `pulumi up` to deliver one");
  if (await engine.hasImage(image)) return image;
  throw new ConvocateError(
    "no_image",
    `the current image ${image} is not on this agent: run \`pulumi up\` to deliver it`,
  );
}

function findStopped(context: Context, id: string): Metadata {
  const { session, metadata } = findSession(context, id);
  if (session.running) throw errors.alreadyRunning(session.name);
  return metadata;
}

/** The session was opened just now. */
export function access({ registry, store, clock }: Context, uuid: string): Promise<void> {
  const accessed = () => {
    const metadata = registry.metadata(uuid);
    return metadata && { ...metadata, last_accessed: clock.now().toISOString() };
  };
  return store.update(accessed, (session) => registry.touch(session));
}

/** Starts the container detached, with the current image; refused while it runs. */
export const restart: Operation<"restart"> = async (context, { id }) => {
  const { uuid } = findStopped(context, id);
  const { registry, homes, locks, engine } = context;
  await locks.hold(uuid, async () => {
    // Read again under the lock: an operation that just ended may have changed it.
    const metadata = findStopped(context, uuid);
    const image = await usableImage(context);
    const container = await engine.start(
      containerSpec({
        session: metadata,
        agentId: context.agentId,
        home: homes.path(uuid),
        image,
        config: context.config,
        uid: context.uid,
        gid: context.gid,
        cgroupDriver: context.engineInfo.cgroupDriver,
        sharedMounts: await context.sharedMounts(),
      }),
    );
    await access(context, uuid);
    registry.started(uuid, { id: container, image });
  });
  return {};
};
