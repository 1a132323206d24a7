import { ConvocateError, errors } from "../../../protocol/errors.ts";
import type { ContainerSpec } from "../../docker/engine.ts";
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
    if (!metadata) return null;
    // From its first start on it is not what came any more.
    const opened = { ...metadata, last_accessed: clock.now().toISOString() };
    delete opened.imported_sha256;
    return opened;
  };
  return store.update(accessed, (session) => registry.touch(session));
}

/** Starts the container detached, with the current image; refused while it runs. */
export const restart: Operation<"restart"> = async (context, { id }) => {
  await startSession(context, id);
  return {};
};

export async function startSession(context: Context, id: string): Promise<void> {
  const { uuid } = findStopped(context, id);
  const { registry, locks, engine, admission, retirement } = context;
  retirement.check();
  await locks.hold(uuid, async () => {
    // Read again under the lock: an operation that just ended may have changed it.
    const session = findStopped(context, uuid);
    const image = await usableImage(context);
    await admission.admitting(session, async () => {
      const container = await engine.start(await specOf(context, session, image));
      await access(context, uuid);
      registry.started(uuid, { id: container, image });
    });
  });
}

async function specOf(context: Context, session: Metadata, image: string): Promise<ContainerSpec> {
  const { homes, admission, agentId, uid, gid } = context;
  // The engine would make what is missing, empty and root's.
  await homes.check(session);
  return containerSpec({
    session,
    agentId,
    home: homes.path(session.uuid),
    image,
    config: context.config(),
    limits: admission.limits(session),
    token: await context.claudeToken(),
    uid,
    gid,
    cgroupDriver: context.engineInfo.cgroupDriver,
    sharedMounts: await context.sharedMounts(),
  });
}
