import { z } from "zod";
import { session, sessionId } from "./session.ts";

/**
 * What the copy of the metadata in a session's home is believed: nothing that grants anything. The session's own root may
 * have written it.
 */
const { name, created_at, last_accessed, port, protocol, dns_name } = session.shape;
const copied = z.object({ uuid: sessionId, name, created_at, last_accessed, port, protocol, dns_name });
export type Copied = z.infer<typeof copied>;

const timeless = copied.partial({ created_at: true, last_accessed: true });

/** What `text`, a copy of the metadata that was written at `when`, says of the session `uuid`; null when it is not usable. */
export function parseCopy(text: string, uuid: string, when: Date): Copied | null {
  try {
    const parsed = timeless.safeParse(JSON.parse(text));
    if (!parsed.success || parsed.data.uuid !== uuid) return null;
    const at = when.toISOString();
    const { created_at = at, last_accessed = at, ...rest } = parsed.data;
    return { ...rest, created_at, last_accessed };
  } catch {
    return null;
  }
}

/** A session of which nothing but its home is known, which was changed at `when`. */
export function unnamed(uuid: string, when: Date): Copied {
  const at = when.toISOString();
  return { uuid, name: `recovered-${uuid.slice(0, 8)}`, created_at: at, last_accessed: at };
}

/** A session directory on the shell host that no agent claims (spec/3 "States"). */
export const orphan = copied.extend({
  /** On disk; absent until they are counted, or where that takes too long. */
  bytes: z.number().optional(),
});
export type Orphan = z.infer<typeof orphan>;
