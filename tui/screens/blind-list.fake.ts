import { PassThrough } from "node:stream";
import type { Terminal } from "@xterm/headless";
import { ConvocateError } from "../../protocol/errors.ts";
import { Differ } from "../render/differ.ts";
import { frameOf } from "../render/frame.ts";
import { lineText } from "../render/line.ts";
import { enterList } from "../render/modes.ts";
import { reduce } from "../state/reduce.ts";
import { initialState, type Effect, type Event, type State } from "../state/state.ts";
import { Keyboard } from "./keyboard.ts";

/** What the list may write: its own cursor, erase, style and frame marks; and text without any control character. */
// eslint-disable-next-line no-control-regex
const ours = /\x1b\[(\d+;\d+H|\d+G|[\d;]*m|2K|2J|\?25[hl]|\?2026[hl])/g;

/** A list that nobody sits at: bytes go in as from a keyboard, what it draws goes to a terminal that is looked at. */
export class BlindList {
  readonly #stdin = Object.assign(new PassThrough(), { setRawMode: () => {} });
  readonly #keyboard: Keyboard;
  readonly #differ = new Differ({ colors: true });
  readonly #terminal: Terminal;
  state: State;
  /** How many keys and pastes came out of the bytes. */
  heard = 0;

  /** `terminal` is what the list is drawn on; it is the list's from now on. */
  constructor(events: Event[], terminal: Terminal) {
    const size = { cols: terminal.cols, rows: terminal.rows };
    this.state = initialState({ size, now: Date.now(), operator: null });
    this.#terminal = terminal;
    this.#terminal.write(enterList);
    this.#keyboard = new Keyboard(this.#stdin, new PassThrough().resume(), {
      key: (name) => this.#dispatch({ type: "key", name }),
      paste: (text) => this.#dispatch({ type: "paste", text }),
    });
    this.#keyboard.grab();
    for (const event of events) this.#dispatch(event);
    this.heard = 0;
  }

  /** Types these bytes, as one read gives them, and waits until they are dealt with. */
  async type(bytes: Buffer): Promise<void> {
    this.#stdin.write(bytes);
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Draws. What is wrong with what was written or with the screen; null when nothing is. */
  async wrong(): Promise<string | null> {
    const frame = frameOf(this.state);
    const bytes = this.#differ.draw(frame);
    const rest = bytes.replace(ours, "");
    if (/\p{Cc}|\p{Cf}|\p{Cs}/u.test(rest)) return `it wrote ${JSON.stringify(rest)}`;
    await new Promise<void>((resolve) => this.#terminal.write(bytes, resolve));
    const { active } = this.#terminal.buffer;
    for (const [row, line] of frame.lines.entries()) {
      const shown = active
        .getLine(active.viewportY + row)
        ?.translateToString(true)
        .trimEnd();
      const meant = lineText(line).trimEnd();
      if (shown === undefined || columnless(shown) !== columnless(meant))
        return `line ${String(row)} shows ${JSON.stringify(shown)}, not ${JSON.stringify(meant)}`;
    }
    return null;
  }

  close(): void {
    this.#keyboard.release();
    this.#terminal.dispose();
  }

  #dispatch(event: Event): void {
    this.heard += 1;
    const { state, effects } = reduce(this.state, event);
    this.state = state;
    for (const effect of effects) {
      const answer = answerTo(effect);
      if (answer) this.#dispatch(answer);
    }
  }
}

/** This terminal takes emoji for narrow; the list says the column after each of them, so that only the blanks differ. */
const columnless = (line: string): string =>
  /\p{Emoji_Presentation}|\p{So}/u.test(line) ? line.replace(/ +/g, " ") : line;

/** An agent that refuses everything, in words that would act on a terminal. */
function answerTo(effect: Effect): Event | null {
  const text = "refused \x1b[2J\u009b31m\u202e\x1b]0;pwned\x07";
  switch (effect.type) {
    case "create":
    case "adopt":
    case "clone":
      return { type: "form-failed", error: new ConvocateError("internal", text) };
    case "edit":
      return { type: "edited", row: effect.row, name: effect.params.name };
    case "call":
    case "remove-orphan":
      return { type: "failed", text };
    case "quit":
    case "suspend":
    case "attach":
      return null;
  }
}
