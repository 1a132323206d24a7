import { spawn } from "node:child_process";

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  stdin?: string;
  /** Kills the command after this many milliseconds; its code is then 124, as with timeout(1). */
  timeoutMs?: number;
}

/** Runs a command and collects what it printed; a command that cannot be started has code 127. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const [command = "", ...args] = argv;
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: "pipe" });
    const out = { stdout: "", stderr: "" };
    let timedOut = false;
    const timer = options.timeoutMs
      ? setTimeout(() => {
          timedOut = true;
          child.kill("SIGKILL");
        }, options.timeoutMs)
      : undefined;
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (out.stderr += text));
    child.stdin.on("error", () => undefined); // a command may end before it read its input
    child.stdin.end(options.stdin ?? "");
    child.on("error", (error) => {
      clearTimeout(timer);
      resolve({ ...out, code: 127, stderr: error.message });
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ ...out, code: timedOut ? 124 : (code ?? 1) });
    });
  });
}

/** Runs a command that must succeed; returns its standard output without trailing newlines. */
export async function must(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(argv, options);
  if (code === 0) return stdout.trimEnd();
  const tail = (stderr.trim() || stdout.trim()).split("\n").slice(-15).join("\n");
  throw new Error(`\`${argv.slice(0, 4).join(" ")}…\` ended with status ${String(code)}:\n${tail}`);
}

/** Calls `probe` until it returns something truthy; throws `what` with the last failure after `timeoutMs`. */
export async function until<T>(what: string, timeoutMs: number, probe: () => Promise<T | false>): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${String(timeoutMs / 1000)} s`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
