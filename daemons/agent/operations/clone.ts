import { randomUUID } from "node:crypto";
import { errors } from "../../../protocol/errors.ts";
import type { Operation } from "../context.ts";
import type { Metadata } from "../metadata-store.ts";
import { checkAddressing } from "../validation.ts";
import { findSession } from "./get.ts";

/** What belongs to one session alone and is not inherited. */
const own = ["port", "dns_name", "imported_sha256"] as const;

/** Copies a stopped session's home under a new UUID. A running one is refused: its files would be of no one moment. */
export const clone: Operation<"clone"> = async (context, { source_id, name }) => {
  const { registry, homes, store, locks, clock, retirement } = context;
  retirement.check();
  const { uuid: source } = findSession(context, source_id).metadata;
  checkAddressing({ name, port: 0, protocol: "", dns_name: "" }, []);
  return locks.hold(source, async () => {
    const { session: there, metadata } = findSession(context, source);
    if (there.running) throw errors.running(there.name);
    await homes.check(metadata);
    const now = clock.now().toISOString();
    const session: Metadata = {
      ...structuredClone(metadata),
      uuid: randomUUID(),
      name,
      created_at: now,
      last_accessed: now,
    };
    for (const field of own) delete session[field];
    await store.make(session, () => homes.copy(source, session));
    return registry.add(session);
  });
};
