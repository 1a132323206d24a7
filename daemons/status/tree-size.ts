import { execFile } from "node:child_process";

/** Milliseconds after which a tree is left uncounted. */
const patience = 10 * 60_000;

/**
 * Bytes that a tree takes on disk, as far as it may be read. By du(1), a process of its own: it follows no link, opens no
 * file, takes any depth, and can be ended. Null: it took too long, or the tree is not there.
 */
export function treeSize(
  folder: string,
  within = patience,
): { size: Promise<number | null>; stop: () => void } {
  let stop = (): void => undefined;
  const size = new Promise<number | null>((resolve) => {
    const args = ["--summarize", "--one-file-system", "--block-size=1", "--", folder];
    // Its status tells of parts that may not be read: what it says then is told all the same.
    const child = execFile("du", args, { timeout: within, encoding: "utf8" }, (error, stdout) => {
      const [, bytes] = /^(\d+)\t/.exec(stdout) ?? [];
      resolve(bytes === undefined || error?.killed ? null : Number(bytes));
    });
    stop = () => child.kill();
  });
  return { size, stop };
}
