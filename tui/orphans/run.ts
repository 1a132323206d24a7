import { spawn } from "node:child_process";
import { messageOf } from "../client/fault.ts";

/** Programs of this host are found here, and say things in plain words; nothing else of our environment reaches them. */
export const programEnv = { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C" };

/** How a program ended: its status (null: by a signal, or it never began), and the first of what it said on standard error. */
export interface Ended {
  status: number | null;
  words: string;
}

/** Runs a program; `take` gets what it prints, in parts. Never rejects. */
export function run(
  argv: readonly string[],
  take: (chunk: Buffer) => void = () => undefined,
): Promise<Ended> {
  const [command = "", ...args] = argv;
  const child = spawn(command, args, { env: programEnv, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stdout.on("data", take);
  child.stderr.on("data", (chunk: Buffer) => {
    if (said.length < 4_096) said += chunk.toString();
  });
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ status: null, words: messageOf(error) }));
    child.once("close", (status) => resolve({ status, words: said.split("\n")[0] ?? "" }));
  });
}
