import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";

/** Milliseconds after which what was waited for will not come any more. */
const patience = 30_000;

/** Runs node with these arguments to its end; throws when it fails. */
export async function timeProgram(argv: string[]): Promise<void> {
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
  #bytes = 0;
  #printed = "";
  #heard: () => void = () => {};

  constructor(argv: string[]) {
    const line = ["stty cols 120 rows 40; exec", ...[process.execPath, ...argv].map(quote)].join(" ");
    this.#child = spawn("script", ["-qfec", line, "/dev/null"], {
      env: { ...process.env, TERM: "xterm-256color", NO_COLOR: "1" },
    });
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#bytes += Buffer.byteLength(text);
      this.#printed += text;
      this.#heard();
    });
  }

  /** Waits until `text` was printed, and answers how many ms after the start that was. */
  async until(text: string): Promise<number> {
    await this.#wait(text);
    return performance.now() - this.#began;
  }

  /** Presses a key that moves the highlight; answers the ms until the row it moves to was drawn. */
  async press(bytes: string): Promise<number> {
    this.#printed = "";
    const pressed = performance.now();
    this.#child.stdin.write(bytes);
    await this.#wait(">");
    return performance.now() - pressed;
  }

  /** Bytes a second that are printed while nobody does anything. */
  async idle(ms: number): Promise<number> {
    const before = this.#bytes;
    await new Promise((resolve) => setTimeout(resolve, ms));
    return ((this.#bytes - before) * 1_000) / ms;
  }

  async close(): Promise<void> {
    const ended = once(this.#child, "close");
    this.#child.stdin.write("q");
    const late = setTimeout(() => this.#child.kill("SIGKILL"), 5_000);
    await ended;
    clearTimeout(late);
  }

  #wait(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        reject(new Error(`${text} was not printed, but ${JSON.stringify(this.#printed.slice(-2_000))}`));
      }, patience);
      this.#heard = () => {
        if (!this.#printed.includes(text)) return;
        clearTimeout(late);
        resolve();
      };
      this.#heard();
    });
  }
}
