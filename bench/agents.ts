import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const place = z.object({ port: z.number(), privateKey: z.string(), uuid: z.string() });
/** Where an agent listens, a key that it admits, and one of its sessions. */
export type Place = z.infer<typeof place>;

/** An agent with so many sessions in a process of its own: client and server share no event loop. */
export async function startAgent(sessions: number): Promise<Place & { close(): Promise<void> }> {
  const script = fileURLToPath(new URL("agent-process.ts", import.meta.url));
  const child = spawn(process.execPath, [script, String(sessions)], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const line = await Promise.race([
    once(createInterface(child.stdout), "line").then(([text]) => String(text)),
    exited.then(([code]) => Promise.reject(new Error(`the agent ended with status ${String(code)}`))),
  ]);
  return {
    ...place.parse(JSON.parse(line)),
    async close() {
      child.stdin.end();
      await exited;
    },
  };
}
