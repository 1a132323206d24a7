import { randomUUID } from "node:crypto";
import type { Operation } from "../context.ts";
import type { Metadata } from "../metadata-store.ts";
import { checkAddressing } from "../validation.ts";

export const create: Operation<"create"> = async ({ registry, homes, store, clock }, params) => {
  const { name, port, protocol, dns_name } = checkAddressing(params, registry.neighbours());
  const now = clock.now().toISOString();
  const session: Metadata = {
    uuid: randomUUID(),
    name,
    created_at: now,
    last_accessed: now,
    protocol,
    ...(port && { port }),
    ...(dns_name && { dns_name }),
    ...(params.command && { command: params.command }),
    ...(params.limits && { limits: params.limits }),
    ...(params.labels && { labels: params.labels }),
  };
  return registry.reserving(session, async () => {
    // The home first: a crash before the metadata leaves a home that the next start adopts.
    await homes.create(session);
    try {
      await store.write(session);
    } catch (error) {
      await homes.remove(session.uuid);
      throw error;
    }
    return registry.add(session);
  });
};
