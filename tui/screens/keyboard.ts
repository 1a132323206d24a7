import { PassThrough } from "node:stream";
import terminalKit from "terminal-kit";
import { InputFilter } from "./input-filter.ts";

export interface KeyListener {
  key(name: string): void;
  paste(text: string): void;
}

/** What a terminal's input has to be able to do. */
export interface KeySource extends NodeJS.ReadableStream {
  setRawMode(raw: boolean): unknown;
}

/** Milliseconds after which an escape is the key and not the beginning of a sequence. */
const escapeTimeout = 50;

/** Keys by name, from a terminal in raw mode. */
export class Keyboard {
  readonly #stdin: KeySource;
  readonly #listener: KeyListener;
  readonly #source: PassThrough & { setRawMode: (raw: boolean) => void };
  readonly #terminal;
  #filter = new InputFilter();
  #decoder = new TextDecoder();
  #timer: NodeJS.Timeout | undefined;
  readonly #onData = (chunk: Buffer): void => this.#push(chunk);

  constructor(stdin: KeySource, stdout: NodeJS.WritableStream, listener: KeyListener) {
    this.#stdin = stdin;
    this.#listener = listener;
    // terminal-kit spins for ever on a character cut by a read, so it never sees the terminal itself.
    this.#source = Object.assign(new PassThrough(), {
      setRawMode: (raw: boolean) => void stdin.setRawMode(raw),
    });
    // Its keys are those of "xterm". That one mixes 16 colours, which we do not use, for a tenth of a second at the start.
    this.#terminal = terminalKit.createTerminal({ stdin: this.#source, stdout, generic: "xterm-256color" });
    this.#terminal.on("key", (name) => listener.key(name));
  }

  /** Raw mode, and keys to the listener. */
  grab(): void {
    this.#filter = new InputFilter();
    this.#decoder = new TextDecoder();
    this.#terminal.grabInput(true);
    this.#stdin.on("data", this.#onData).resume();
  }

  /** Nothing is read any more; the terminal is out of raw mode. */
  release(): void {
    clearTimeout(this.#timer);
    this.#stdin.off("data", this.#onData).pause();
    this.#terminal.grabInput(false);
  }

  #push(chunk: Buffer): void {
    clearTimeout(this.#timer);
    this.#hand(this.#filter.push(this.#decoder.decode(chunk, { stream: true })));
    if (this.#filter.waiting) {
      this.#timer = setTimeout(() => this.#hand(this.#filter.flush()), escapeTimeout);
    }
  }

  #hand(inputs: ReturnType<InputFilter["push"]>): void {
    for (const { kind, text } of inputs) {
      if (kind === "paste") this.#listener.paste(text);
      else this.#source.write(text);
    }
  }
}
