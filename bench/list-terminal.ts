import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";

/** Milliseconds after which what was waited for will not come any more. */
const patience = 30_000;

/** Runs node with these arguments to its end; throws when it fails. */
export async function runNode(argv: string[]): Promise<void> {
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
  child.stdout.resume();
  await once(child, "close");
  if (child.exitCode !== 0) throw new Error(`node ${argv.join(" ")} ended with ${String(child.exitCode)}`);
}

const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;

/** A program of ours in a terminal of 120×40, which `script` of util-linux makes. */
export class ListTerminal {
  readonly #began = performance.now();
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<unknown>;
  #printed = "";
  #heard: () => void = () => {};

  constructor(argv: string[]) {
    const line = ["stty cols 120 rows 40; exec", ...[process.execPath, ...argv].map(quote)].join(" ");
    this.#child = spawn("script", ["-qfec", line, "/dev/null"], {
      env: { ...process.env, TERM: "xterm-256color", NO_COLOR: "1" },
    });
    this.#ended = once(this.#child, "close");
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#printed += text;
      this.#heard();
    });
  }

  /** Waits until `text` was printed, and answers how many ms after the start that was. */
  async until(text: RegExp): Promise<number> {
    await this.#wait(text);
    return performance.now() - this.#began;
  }

  /** Waits until `text` is printed from now on; answers when that was, in ms since 1970. */
  async sees(text: RegExp): Promise<number> {
    this.#printed = "";
    await this.#wait(text);
    return performance.timeOrigin + performance.now();
  }

  /** Presses a key; answers the ms until `text` was printed. */
  async press(bytes: string, text: RegExp): Promise<number> {
    this.#printed = "";
    const pressed = performance.now();
    this.#child.stdin.write(bytes);
    await this.#wait(text);
    return performance.now() - pressed;
  }

  /** What is printed for so many ms while nobody does anything. */
  async idle(ms: number): Promise<string> {
    this.#printed = "";
    await new Promise((resolve) => setTimeout(resolve, ms));
    return this.#printed;
  }

  async close(): Promise<void> {
    this.#child.stdin.write("q");
    const late = setTimeout(() => this.#child.kill("SIGKILL"), 5_000);
    await this.#ended;
    clearTimeout(late);
  }

  #wait(text: RegExp): Promise<void> {
    return new Promise((resolve, reject) => {
      const not = (why: string) =>
        reject(new Error(`${why}: no ${String(text)} in ${JSON.stringify(this.#printed.slice(-2_000))}`));
      const late = setTimeout(() => not(`waited ${String(patience)} ms`), patience);
      void this.#ended.then(() => not("the program ended"));
      this.#heard = () => {
        if (!text.test(this.#printed)) return;
        clearTimeout(late);
        this.#heard = () => {};
        resolve();
      };
      this.#heard();
    });
  }
}
