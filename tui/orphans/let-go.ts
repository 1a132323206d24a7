import { lstat, rename } from "node:fs/promises";
import { join } from "node:path";
import { ConvocateError } from "../../protocol/errors.ts";
import { sessionId } from "../../protocol/session.ts";
import { run } from "./run.ts";

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

const kept = (folder: string, uuid: string): string => join(folder, `.kept-${sessionId.parse(uuid)}`);

/** Throws `uuid_taken` where an orphan could not be kept under another name, before anything is done. */
export async function checkKept(folder: string, uuid: string): Promise<void> {
  if (await exists(kept(folder, uuid)))
    throw new ConvocateError("uuid_taken", `${kept(folder, uuid)} is there already: remove it first`);
}

/** The directory stays, under a name that no session has. */
export const keep = (folder: string, uuid: string): Promise<void> =>
  rename(join(folder, sessionId.parse(uuid)), kept(folder, uuid));

/**
 * The directory is no orphan any more from the first step on, and its files are removed. Resolves with where the rest of it
 * is when root's files keep us from removing all; null when nothing is left.
 */
export async function remove(folder: string, uuid: string): Promise<string | null> {
  const gone = join(folder, `.gone-${sessionId.parse(uuid)}`);
  const rm = () => run(["rm", "--recursive", "--force", "--one-file-system", "--", gone]);
  // What an earlier one could not remove would be in the way.
  if (await exists(gone)) await rm();
  await rename(join(folder, uuid), gone);
  // Folders that are ours and sealed, as those of Go's module cache: nothing could be taken out of them.
  const sealed = ["-xdev", "-type", "d", "!", "-perm", "-700", "-exec", "chmod", "u+rwx", "--", "{}", "+"];
  await run(["find", gone, ...sealed]);
  await rm();
  return (await exists(gone)) ? gone : null;
}
