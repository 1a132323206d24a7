import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { ScriptFailed, type RootScript } from "./connect.ts";

/** Runs a script as root on this machine, as `runAsRoot` does over SSH; `sudo` is that program. Rejects with ScriptFailed. */
export function runHere({ title, script, feed }: RootScript, sudo = "sudo"): Promise<string> {
  const child = spawn(sudo, ["-n", "bash", "--norc", "-c", script], { stdio: "pipe" });
  const outputs = Promise.all([text(child.stdout), text(child.stderr)]);
  // A script that ends before it has read everything tells why itself.
  child.stdin.on("error", () => undefined);
  const fed = feed ? feed(child.stdin).then(() => null, String) : Promise.resolve(null);
  if (!feed) child.stdin.end();
  return new Promise((resolve, reject) => {
    child.on("error", (error) => reject(new Error(`${title}: ${error.message}`, { cause: error })));
    child.on("close", (status) => {
      void Promise.all([outputs, fed]).then(([[stdout, stderr], fault]) => {
        if (status !== 0) reject(new ScriptFailed(title, status ?? -1, stderr));
        else if (fault !== null) reject(new Error(`${title}: ${fault}`));
        else resolve(stdout.trim());
      });
    });
  });
}
