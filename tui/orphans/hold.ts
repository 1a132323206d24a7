import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errors } from "../../protocol/errors.ts";
import { sessionId } from "../../protocol/session.ts";
import { systemCode } from "../client/fault.ts";

/** In clock ticks since boot (proc(5), field 22): a pid that is used again has another. Null: no such process. */
async function startTime(pid: string): Promise<string | null> {
  if (!/^\d+$/.test(pid)) return null;
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}

/**
 * Runs `work` while holding an orphan by the agents' own kind of lock, `<uuid>.lock` beside it: two operators, or one and
 * `migrate-session`, are never at the same one. Throws `locked`. A lock whose process is gone is nobody's.
 */
export async function holding<T>(folder: string, uuid: string, work: () => Promise<T>): Promise<T> {
  const path = join(folder, `${sessionId.parse(uuid)}.lock`);
  const text = `${String(process.pid)} ${(await startTime(String(process.pid))) ?? ""}\n`;
  // Others must be able to see who holds it.
  const lock = () => writeFile(path, text, { flag: "wx", mode: 0o644 });
  try {
    await lock();
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    const [pid = "", started] = (await readFile(path, "utf8").catch(() => "")).trim().split(" ");
    if (started === undefined || (await startTime(pid)) === started) throw errors.locked(uuid);
    await rm(path, { force: true });
    await lock();
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}
