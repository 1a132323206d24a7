import type { Operation } from "../context.ts";
import type { Metadata } from "../metadata-store.ts";
import { checkAddressing } from "../validation.ts";
import { findSession } from "./get.ts";

export const edit: Operation<"edit"> = async (context, params) => {
  const { uuid } = findSession(context, params.id).metadata;
  const { registry, store, locks } = context;
  const { name, port, protocol, dns_name } = checkAddressing(params, registry.neighbours(uuid));
  const write = async () => {
    // Read under the lock: an operation that just ended may have changed it.
    const rest = { ...findSession(context, uuid).metadata };
    delete rest.port;
    delete rest.dns_name;
    const edited: Metadata = {
      ...rest,
      name,
      protocol,
      ...(port && { port }),
      ...(dns_name && { dns_name }),
    };
    await store.write(edited);
    registry.edit(edited);
  };
  // Reserved in the same breath as it is checked: taking the lock takes time.
  await registry.reserving({ uuid, port, protocol, dns_name }, () => locks.hold(uuid, write));
  return {};
};
