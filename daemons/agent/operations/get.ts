import { errors } from "../../../protocol/errors.ts";
import type { Session } from "../../../protocol/session.ts";
import type { Context, Operation } from "../context.ts";
import type { Metadata } from "../metadata-store.ts";

/** The session that a request names. Ids are looked up, never made into paths here. */
export function findSession({ registry }: Context, id: string): { session: Session; metadata: Metadata } {
  const session = registry.get(id);
  const metadata = registry.metadata(id);
  if (!session || !metadata) throw errors.noSession(id);
  return { session, metadata };
}

export const get: Operation<"get"> = async (context, { id }) =>
  Promise.resolve(findSession(context, id).session);
