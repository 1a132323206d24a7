import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { z } from "zod";
import { cliEvents, type FailureEvent } from "../../infra/cli/events.ts";

const event = z.discriminatedUnion("type", cliEvents);

/** How an `up` ended. */
export interface Ended {
  /** Null: it was killed. */
  code: number | null;
  /** What became of hosts, by name. */
  hosts: Map<string, string>;
  failures: FailureEvent[];
  /** Steps that were done, as `host: step`. */
  done: Set<string>;
  said: string;
  seconds: number;
}

/** An update of everything by `convocate-host`, in which a step's beginning is an occasion. */
export class WatchedUp {
  readonly #child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly #onBegin: ((host: string, step: string) => void)[] = [];
  readonly #result = {
    hosts: new Map<string, string>(),
    failures: [] as FailureEvent[],
    done: new Set<string>(),
  };

  constructor(stack: string) {
    const start = Date.now();
    const command = join(import.meta.dirname, "../../script/convocate-host");
    // A group of its own: the command and the engine end at once.
    const child = spawn(command, ["update", "--all", "--stack", stack, "--json"], {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.#child = child;
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    createInterface({ input: child.stdout }).on("line", (line) => {
      said += `${line}\n`;
      this.#read(line);
    });
    this.ended = new Promise((resolve) =>
      child.on("close", (code) =>
        resolve({ code, said, seconds: Math.round((Date.now() - start) / 1000), ...this.#result }),
      ),
    );
  }

  /** Does something whenever a host's step begins. */
  onBegin(act: (host: string, step: string) => void): void {
    this.#onBegin.push(act);
  }

  isDone(host: string, step: string): boolean {
    return this.#result.done.has(`${host}: ${step}`);
  }

  get isOver(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** kill -9 of the command and of the engine. */
  kill(): void {
    if (this.#child.pid !== undefined && !this.isOver) process.kill(-this.#child.pid, "SIGKILL");
  }

  #read(line: string): void {
    const parsed = event.safeParse(JSON.parse(line));
    if (!parsed.success) return;
    const told = parsed.data;
    if (told.type === "failure") this.#result.failures.push(told);
    if (told.type === "host") this.#result.hosts.set(told.host, told.status);
    if (told.type !== "step" || told.host === null) return;
    if (told.status === "done") this.#result.done.add(`${told.host}: ${told.step}`);
    if (told.status !== "started") return;
    for (const act of this.#onBegin) act(told.host, told.step);
  }
}
