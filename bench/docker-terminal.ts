import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { fullScreen, screenSize, type Order, type Terminal, type Timed } from "./terminal.ts";

const timed = z.array(z.object({ ms: z.number(), bytes: z.number() }));

/** What is compared with: `docker exec -it … tmux attach` as a person on the host would type it. */
export class DockerTerminal implements Terminal {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  opened: Timed = { ms: 0, bytes: 0 };

  private constructor(child: ChildProcess, lines: AsyncIterator<string>) {
    this.#child = child;
    this.#lines = lines;
  }

  static async open(session: string, until = fullScreen): Promise<DockerTerminal> {
    const child = spawn("python3", [join(import.meta.dirname, "docker_terminal.py")], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const terminal = new DockerTerminal(child, createInterface(child.stdout)[Symbol.asyncIterator]());
    const container = `convocate-session-${session}`;
    const user = ["-u", "1337:1337", "-e", "TERM=xterm-256color", "-e", "LANG=C.UTF-8"];
    const argv = ["docker", "exec", "-it", ...user, container, "tmux", "attach-session", "-t", "convocate"];
    const [opened] = await terminal.#order({ do: "open", argv, until, ...screenSize });
    if (opened) terminal.opened = opened;
    return terminal;
  }

  type(order: Order): Promise<Timed[]> {
    return this.#order({ do: "type", ...order });
  }

  /** Detaches. */
  async close(): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.stdin?.end();
    await exited;
  }

  async #order(order: object): Promise<Timed[]> {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
    const line = await this.#lines.next();
    if (line.done) throw new Error("the baseline's terminal ended");
    return timed.parse(JSON.parse(line.value));
  }
}
