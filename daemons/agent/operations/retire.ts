import { ConvocateError } from "../../../protocol/errors.ts";
import type { Operation } from "../context.ts";
import { stopContainer } from "./kill.ts";

/** How many sessions an error names. */
const named = 5;

/** Takes this agent out of service, for provisioning: no session is made or started any more. Their homes stay. */
export const retire: Operation<"retire"> = async (context, { force }, caller) => {
  const { registry, retirement } = context;
  if (caller.kind !== "shell")
    throw new ConvocateError("not_permitted", "retire is for provisioning, with the shell host's key");
  await retirement.begin(async () => {
    const running = registry.running();
    if (running.length > 0 && !force) {
      const names = running.slice(0, named).map(({ name }) => JSON.stringify(name));
      const more = running.length > named ? " and others" : "";
      throw new ConvocateError(
        "sessions_running",
        `${String(running.length)} sessions run: ${names.join(", ")}${more}: kill or move them, or retire by force`,
      );
    }
    for (const { uuid } of running) await context.locks.hold(uuid, () => stopContainer(context, uuid));
  });
  return {};
};
