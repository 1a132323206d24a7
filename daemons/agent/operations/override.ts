import { errors } from "../../../protocol/errors.ts";
import type { Operation } from "../context.ts";
import { findSession } from "./get.ts";

export const override: Operation<"override"> = async (context, { id }) => {
  const { uuid } = findSession(context, id).metadata;
  const { locks, registry } = context;
  if (!(await locks.exists(uuid))) throw errors.notLocked(uuid);
  const holder = await locks.holder(uuid);
  if (holder !== null) throw errors.inUse(uuid, holder);
  await locks.remove(uuid);
  registry.unlock(uuid);
  return {};
};
