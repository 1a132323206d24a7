import type { Operation } from "../context.ts";
import type { Metadata } from "../metadata-store.ts";
import { checkAddressing } from "../validation.ts";
import { findSession } from "./get.ts";

export const edit: Operation<"edit"> = async (context, params) => {
  const { metadata } = findSession(context, params.id);
  const { registry, store, locks } = context;
  const { name, port, protocol, dns_name } = checkAddressing(params, registry.neighbours(metadata.uuid));
  await locks.hold(metadata.uuid, async () => {
    const rest = { ...metadata };
    delete rest.port;
    delete rest.dns_name;
    const edited: Metadata = {
      ...rest,
      name,
      protocol,
      ...(port && { port }),
      ...(dns_name && { dns_name }),
    };
    await registry.reserving(edited, () => store.write(edited));
    registry.edit(edited);
  });
  return {};
};
