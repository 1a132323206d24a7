import type { Operation } from "../context.ts";
import type { Metadata } from "../metadata-store.ts";
import { checkAddressing } from "../validation.ts";
import { findSession } from "./get.ts";

export const edit: Operation<"edit"> = async (context, params) => {
  const { uuid } = findSession(context, params.id).metadata;
  const { registry, store, locks, homes, log } = context;
  const { name, port, protocol, dns_name } = checkAddressing(params, registry.neighbours(uuid));
  const edited = (): Metadata => {
    const rest = { ...findSession(context, uuid).metadata };
    delete rest.port;
    delete rest.dns_name;
    return {
      ...rest,
      name,
      protocol,
      ...(port && { port }),
      ...(dns_name && { dns_name }),
    };
  };
  // Reserved in the same breath as it is checked: taking the lock takes time.
  await registry.reserving({ uuid, port, protocol, dns_name }, () =>
    locks.hold(uuid, async () => {
      await store.update(edited, (session) => registry.edit(session));
      const { metadata } = findSession(context, uuid);
      await homes
        .writeCopy(metadata)
        .catch((error: unknown) =>
          log.warn({ err: error, session: uuid }, "the copy for v2's tools is out of date"),
        );
    }),
  );
  return {};
};
