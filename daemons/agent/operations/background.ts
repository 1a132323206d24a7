import type { Operation } from "../context.ts";
import { findSession } from "./get.ts";

export const background: Operation<"background"> = async (context, { id }) => {
  const { metadata } = findSession(context, id);
  const container = context.registry.container(metadata.uuid);
  const user = `${String(context.uid)}:${String(context.gid)}`;
  if (container !== null)
    await context.engine.exec(container, user, ["tmux", "detach-client", "-s", "convocate"]);
  return {};
};
