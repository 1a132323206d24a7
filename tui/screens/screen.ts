import type { ReadStream, WriteStream } from "node:tty";
import type { AttachIo } from "../client/relay.ts";
import { Differ } from "../render/differ.ts";
import type { Frame } from "../render/frame.ts";
import { enterList, enterSession, leaveSession, leaveTerminal, noticeLine } from "../render/modes.ts";
import { Keyboard, type KeyListener } from "./keyboard.ts";

export interface ScreenOptions {
  stdin: ReadStream;
  stdout: WriteStream;
  colors: boolean;
  listener: KeyListener & { resize(size: Size): void; gone(): void };
}

interface Size {
  cols: number;
  rows: number;
}

/** The operator's terminal: the list's, or lent to a session. */
export class Screen {
  readonly #stdin: ReadStream;
  readonly #stdout: WriteStream;
  readonly #keyboard: Keyboard;
  readonly #differ: Differ;
  readonly #listener: ScreenOptions["listener"];
  #lent = false;
  #restored = false;

  constructor({ stdin, stdout, colors, listener }: ScreenOptions) {
    this.#stdin = stdin;
    this.#stdout = stdout;
    this.#listener = listener;
    this.#differ = new Differ({ colors });
    this.#keyboard = new Keyboard(stdin, stdout, listener);
    stdout.on("resize", () => {
      this.#differ.reset();
      listener.resize(this.size());
    });
    // A terminal that hung up: reads end, writes fail.
    for (const stream of [stdin, stdout]) stream.on("error", () => listener.gone());
    stdin.on("end", () => listener.gone());
    // Somebody else stopped us (`kill -STOP`): the shell had the terminal meanwhile.
    process.on("SIGCONT", () => this.#resume());
    stdout.write(enterList);
    this.#keyboard.grab();
  }

  size(): Size {
    return { cols: Math.max(1, this.#stdout.columns || 80), rows: Math.max(1, this.#stdout.rows || 24) };
  }

  /** Shows the frame; nothing while the terminal is lent. */
  draw(frame: Frame): void {
    if (this.#lent || this.#restored) return;
    const bytes = this.#differ.draw(frame);
    if (bytes !== "") this.#stdout.write(bytes);
  }

  /** Lends the terminal to a session: raw bytes both ways, nothing of ours but notices. */
  lend(text: string): AttachIo & { notice: (text: string) => void } {
    this.#lent = true;
    this.#keyboard.release();
    this.#stdin.setRawMode(true);
    this.#stdout.write(`${enterSession}${noticeLine(text, this.size())}`);
    return {
      interactive: true,
      input: this.#stdin,
      output: this.#stdout,
      size: () => this.size(),
      onResize: (listener) => {
        this.#stdout.on("resize", listener);
        return () => this.#stdout.off("resize", listener);
      },
      notice: (line) => void this.#stdout.write(noticeLine(line, this.size())),
    };
  }

  /** Back to the list, whatever the session left switched on. */
  takeBack(): void {
    this.#lent = false;
    this.#stdout.write(`${leaveSession}${enterList}\x1b[2J`);
    this.#differ.reset();
    this.#keyboard.grab();
  }

  /**
   * Gives the terminal back and stops, until the shell's `fg`. Without a shell that knows jobs (a login over SSH) the system
   * stops nobody, and the list is back at once.
   */
  suspend(): void {
    this.#keyboard.release();
    // To a terminal this is written before the call returns.
    this.#stdout.write(leaveTerminal);
    process.kill(0, "SIGTSTP");
    this.#resume();
  }

  /** The shell may have changed modes, and the size may be another. */
  #resume(): void {
    if (this.#restored) return;
    if (this.#lent) {
      for (const raw of [false, true]) this.#stdin.setRawMode(raw);
      return;
    }
    this.#keyboard.release();
    this.#stdout.write(`${enterList}\x1b[2J`);
    this.#differ.reset();
    this.#keyboard.grab();
    this.#listener.resize(this.size());
  }

  /** The terminal as it was found. May be called in any state, any number of times. */
  restore(): void {
    if (this.#restored) return;
    this.#restored = true;
    try {
      this.#keyboard.release();
      this.#stdin.setRawMode(false);
      this.#stdout.write(leaveTerminal);
    } catch {
      // The terminal is gone: there is nothing left to restore.
    }
  }
}
