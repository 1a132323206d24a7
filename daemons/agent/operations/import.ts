import { statfs } from "node:fs/promises";
import { ConvocateError } from "../../../protocol/errors.ts";
import type { DecodedParams } from "../../../protocol/rpc.ts";
import { sessionId } from "../../../protocol/session.ts";
import type { Context, Operation } from "../context.ts";
import type { Metadata } from "../metadata-store.ts";
import { checkAddressing } from "../validation.ts";

/** Of the disk's inodes, as of its bytes, so much is left to the host. */
const share = 0.9;

/** Whether an orphan of the shell host may become a session here. When it may, its home comes next: see serveImport. */
export const importHome: Operation<"import"> = async (context, params, caller) => {
  // Operators have keys of their own, and what lies on the shell host is not theirs alone.
  if (caller.kind !== "shell")
    throw new ConvocateError("not_permitted", "import is for orphans of the shell host, with its key");
  await admitImport(context, params);
  return {};
};

/** The session that the orphan would be. Throws what keeps it from being one; nothing is touched. */
export async function admitImport(context: Context, params: DecodedParams<"import">): Promise<Metadata> {
  const { registry, homes, store, admission, retirement, homesFolder, clock } = context;
  retirement.check();
  const { id, bytes, files } = params;
  if (!sessionId.safeParse(id).success)
    throw new ConvocateError("bad_params", `id: ${JSON.stringify(id.slice(0, 64))} is no UUID`);
  if (bytes < 0) throw new ConvocateError("bad_params", `bytes: ${String(bytes)} is no size`);
  if (files < 1) throw new ConvocateError("bad_params", `files: ${String(files)}: a home has one at least`);
  if (registry.get(id) || (await homes.exists(id)) || (await store.has(id)))
    throw new ConvocateError("uuid_taken", `this agent has a session with UUID ${id} already`);
  await admission.checkRoom(bytes);
  await checkInodes(homesFolder, files);
  // Last, and in one breath with its reservation.
  const { name, port, protocol, dns_name } = checkAddressing(params, registry.neighbours());
  const now = clock.now();
  return {
    uuid: id,
    name,
    created_at: past(params.created_at, now),
    last_accessed: past(params.last_accessed, now),
    protocol,
    ...(port && { port }),
    ...(dns_name && { dns_name }),
  };
}

/** A time that has been; what the orphan says may be anything. */
function past(text: string, now: Date): string {
  const time = Date.parse(text);
  return new Date(Number.isNaN(time) ? now : Math.max(0, Math.min(time, now.getTime()))).toISOString();
}

async function checkInodes(folder: string, files: number): Promise<void> {
  const { files: total, ffree } = await statfs(folder);
  // Some filesystems have no such number.
  if (total === 0 || total - ffree + files <= total * share) return;
  throw new ConvocateError(
    "admission_denied",
    `admission denied: files: ${String(files)} asked, ${String(ffree)} of ${String(total)} are free, and a tenth must stay so`,
  );
}
