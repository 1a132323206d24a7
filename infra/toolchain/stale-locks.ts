import { existsSync, readFileSync } from "node:fs";
import { glob, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Log } from "./engine.ts";

/** What the engine writes into a stack's lock. */
const lockSchema = z.object({ pid: z.int().positive(), hostname: z.string() });

/**
 * Whether this process runs the engine; a number may have been given again to another program. One that was killed and that its
 * parent has not asked for yet (state Z) is still there by its number.
 */
function isEngine(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const name = `/proc/${pid}/stat`;
    return !existsSync(name) || /^\d+ \(pulumi\) [^ZX]/.test(readFileSync(name, "utf8"));
  } catch {
    return false;
  }
}

/** Removes the locks of engines that were killed on this machine; whoever holds one from elsewhere keeps it. */
export async function removeStaleLocks(state: string, log: Log): Promise<void> {
  for await (const name of glob(".pulumi/locks/**/*.json", { cwd: state })) {
    const file = join(state, name);
    const content: unknown = await readFile(file, "utf8")
      .then(JSON.parse)
      .catch(() => undefined);
    const lock = lockSchema.safeParse(content);
    if (!lock.success || lock.data.hostname !== hostname() || isEngine(lock.data.pid)) continue;
    await Promise.all([rm(file, { force: true }), rm(`${file}.attrs`, { force: true })]);
    log(`the engine of process ${lock.data.pid} was killed; its lock is removed: ${name}`);
  }
}
