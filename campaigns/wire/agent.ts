import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { z } from "zod";
import { PlainClient } from "../../daemons/agent/client.fake.ts";

const place = z.object({
  port: z.number(),
  privateKey: z.string(),
  shellKey: z.string(),
  hostKey: z.string(),
  stateDir: z.string(),
  homes: z.string(),
});
const told = place.extend({ rss: z.number(), heap: z.number(), errors: z.array(z.string()) });

/** What a process holds when nothing is under way: bytes, and open descriptors. */
export interface Holding {
  rss: number;
  /** Of the heap and outside it, after garbage was collected. */
  heap: number;
  descriptors: number;
  /** Lines of its log at level error since it was asked last. */
  errors: string[];
}

interface Running {
  child: ChildProcess;
  lines: Interface;
  where: z.infer<typeof place>;
}

/** `folder`: of one that was killed; it goes on there. */
async function run(...folder: string[]): Promise<Running> {
  const script = join(import.meta.dirname, "agent-process.ts");
  // As it is shipped: else the young generation alone grows by 50 MiB.
  const argv = ["--expose-gc", "--max-semi-space-size=1", script, ...folder];
  const child = spawn(process.execPath, argv, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface(child.stdout);
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`the agent ended with status ${String(code)}`);
  });
  const [line] = (await Promise.race([once(lines, "line"), ended])) as [string];
  ended.catch(() => undefined);
  return { child, lines, where: place.parse(JSON.parse(line)) };
}

/** An agent in a process of its own, with an engine in memory. */
export class WireAgent {
  #child: ChildProcess;
  #lines: Interface;
  #place: z.infer<typeof place>;

  private constructor({ child, lines, where }: Running) {
    this.#child = child;
    this.#lines = lines;
    this.#place = where;
  }

  static async start(): Promise<WireAgent> {
    return new WireAgent(await run());
  }

  get port(): number {
    return this.#place.port;
  }
  get operator(): { privateKey: string } {
    return this.#place;
  }
  /** What the shell host shows it, and what it shows. */
  get shellKey(): string {
    return this.#place.shellKey;
  }
  get hostKey(): string {
    return this.#place.hostKey;
  }
  get stateDir(): string {
    return this.#place.stateDir;
  }
  get homes(): string {
    return this.#place.homes;
  }
  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  connect(): Promise<PlainClient> {
    return PlainClient.connect(this);
  }

  async #tell(what: string): Promise<Holding> {
    this.#child.stdin?.write(`${what}\n`);
    const [line] = (await once(this.#lines, "line")) as [string];
    const { rss, heap, errors, ...where } = told.parse(JSON.parse(line));
    this.#at(where);
    const descriptors = (await readdir(`/proc/${String(this.#child.pid)}/fd`)).length;
    return { rss, heap, descriptors, errors };
  }

  holding(): Promise<Holding> {
    return this.#tell("measure");
  }
  /** Ends the daemon and starts it on the same folders. */
  restart(): Promise<Holding> {
    return this.#tell("restart");
  }

  /** Ends its process with SIGKILL and starts another on the same folders; the engine in memory is a new one. */
  async kill(): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
    const { child, lines, where } = await run(dirname(this.homes));
    this.#child = child;
    this.#lines = lines;
    this.#at(where);
  }

  /** Its keys and folders stay: one that goes on where another was killed has those, whatever it made for itself. */
  #at({ port }: { port: number }): void {
    this.#place = { ...this.#place, port };
  }

  async close(): Promise<void> {
    if (!this.alive) return;
    const exited = once(this.#child, "exit");
    this.#child.stdin?.end();
    await exited;
  }
}
