import { lstat, readdir, rename } from "node:fs/promises";
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

/** Names of what is being removed, or was when somebody was killed. */
const gone = /^\.gone-[0-9a-f-]{36}$/;

/** Folders that are ours and sealed, as those of Go's module cache: nothing could be taken out of them. */
const unseal = ["-xdev", "-type", "d", "!", "-perm", "-700", "-exec", "chmod", "u+rwx", "--", "{}", "+"];

/**
 * The directory is no orphan any more from the first step on, and its files are removed, with what earlier removals left.
 * Resolves with where the rest of it is when root's files keep us from removing all; null when nothing is left.
 */
export async function remove(folder: string, uuid: string): Promise<string | null> {
  const mine = `.gone-${sessionId.parse(uuid)}`;
  const sweep = async (names: string[]) => {
    for (const path of names.map((name) => join(folder, name))) {
      await run(["find", path, ...unseal]);
      await run(["rm", "--recursive", "--force", "--one-file-system", "--", path]);
    }
  };
  await sweep((await readdir(folder)).filter((name) => gone.test(name)));
  await rename(join(folder, uuid), join(folder, mine));
  await sweep([mine]);
  return (await exists(join(folder, mine))) ? join(folder, mine) : null;
}
