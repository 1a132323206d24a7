import { PassThrough } from "node:stream";
import type { Context, HeldSignals } from "./context.ts";

/** A context for tests: no terminal, and what was written is kept. */
export class FakeContext implements Context {
  readonly root: string;
  readonly dataDir: string;
  readonly home = "/home/me";
  readonly hostName = "Laptop.example.org";
  machineId: string | null = "0123456789abcdef0123456789abcdef";
  restartAsked = () => false;
  readonly path: string;
  readonly plugins = "offline";
  readonly agentSocket = undefined;
  stack: string | undefined = undefined;
  stdin: Context["stdin"] = new PassThrough();
  out = "";
  err = "";
  readonly stdout: Context["stdout"] = { write: (text: string) => (this.out += text) };
  readonly stderr: Context["stderr"] = { write: (text: string) => (this.err += text) };
  readonly #ending = new AbortController();
  now = Date.now;

  constructor({ root, dataDir = "/nowhere", path = "" }: { root: string; dataDir?: string; path?: string }) {
    this.root = root;
    this.dataDir = dataDir;
    this.path = path;
  }

  /** As a signal to the process does. */
  interrupt(): void {
    this.#ending.abort();
  }

  holdSignals = (): HeldSignals => ({
    engine: this.#ending.signal,
    ended: () => this.#ending.signal.aborted,
  });

  /** Makes it a terminal at which this is typed. */
  type(line: string): void {
    const stdin: Context["stdin"] = new PassThrough();
    stdin.isTTY = true;
    stdin.push(`${line}\n`);
    this.stdin = stdin;
  }
}
