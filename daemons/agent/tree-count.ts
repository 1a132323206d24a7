import { spawn } from "node:child_process";
import { ConvocateError } from "../../protocol/errors.ts";

/** Files, folders, links and pipes, as find(1) calls them. */
const plain = /[fdlp]/g;

/** How many files, folders, links and pipes a tree holds, its root among them. Rejects `copy_failed` when it holds anything else. */
export async function countTree(folder: string): Promise<number> {
  const find = spawn("find", [".", "-xdev", "-printf", "%y"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "ignore"],
  });
  let [all, counted] = [0, 0];
  find.stdout.setEncoding("latin1").on("data", (kinds: string) => {
    all += kinds.length;
    counted += kinds.match(plain)?.length ?? 0;
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    find.once("error", reject).once("close", resolve);
  });
  if (status !== 0) throw new ConvocateError("copy_failed", "what arrived cannot be read whole");
  if (all !== counted)
    throw new ConvocateError("copy_failed", "what arrived holds more than files, folders, links and pipes");
  return counted;
}
