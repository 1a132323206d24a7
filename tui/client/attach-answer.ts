import { attachFailure, maxHeader } from "../../protocol/attach.ts";
import type { ConvocateError } from "../../protocol/errors.ts";
import { wireError } from "./wire-error.ts";

const mark = Buffer.from('{"ok":false');

/**
 * Tells a terminal's bytes from the line an agent sends instead of them. The line comes first, or from v2 agents
 * also last; what looks like one is held back until it is clear what it is.
 */
export class AttachAnswer {
  readonly #trailing: boolean;
  #held: Buffer = Buffer.alloc(0);
  #seen = false;

  /** `trailing`: the line may also come after output (v2). */
  constructor(options: { trailing: boolean }) {
    this.#trailing = options.trailing;
  }

  /** Whether anything of the terminal has been passed on. */
  get seen(): boolean {
    return this.#seen;
  }

  /** The bytes to show now. */
  push(chunk: Buffer): Buffer {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    if (this.#mayBeLine(bytes)) {
      this.#held = bytes;
      return Buffer.alloc(0);
    }
    this.#held = Buffer.alloc(0);
    this.#seen ||= bytes.length > 0;
    return bytes;
  }

  /** At the end: the failure that was held back, or the bytes that turned out to be the terminal's. */
  finish(): ConvocateError | Buffer {
    if (this.#held.length === 0) return this.#held;
    try {
      return wireError(attachFailure.parse(JSON.parse(this.#held.toString("utf8"))));
    } catch {
      return this.#held;
    }
  }

  #mayBeLine(bytes: Buffer): boolean {
    if (bytes.length > maxHeader) return false;
    const end = bytes.indexOf("\n");
    if (end !== -1 && end !== bytes.length - 1) return false;
    if (bytes.subarray(0, mark.length).equals(mark)) return this.#trailing || !this.#seen;
    // Its first bytes alone: only at the very beginning, or a typed brace would never be echoed.
    return !this.#seen && bytes.length < mark.length && mark.subarray(0, bytes.length).equals(bytes);
  }
}
