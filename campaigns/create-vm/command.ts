import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { z } from "zod";

const line = z.looseObject({ type: z.string(), step: z.string().optional() });
export type Line = z.infer<typeof line>;

export interface Ended {
  code: number | null;
  stderr: string;
  /** What it printed last. */
  last: Line | null;
}

/** Runs a verb with `--json`, and tells every line of it; `kill` ends it and all that it started, hard. */
export async function watch(
  argv: readonly string[],
  each: (said: Line, kill: () => void) => void,
): Promise<Ended> {
  const [command = "", ...args] = argv;
  const child = spawn(command, args, { detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const kill = () => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  };
  let stderr = "";
  let last: Line | null = null;
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  createInterface({ input: child.stdout }).on("line", (text) => {
    last = line.parse(JSON.parse(text));
    each(last, kill);
  });
  return { code: await ended, stderr, last };
}
