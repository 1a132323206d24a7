/**
 * Cuts a byte stream into requests. A request ends at the end of its JSON object, at a newline, or at the end of the
 * stream, whichever comes first (spec "convocate-agent-rpc"). Bytes are only looked at once.
 */
export class RequestReader {
  readonly #limit: number;
  #parts: Buffer[] = [];
  #length = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The requests that `chunk` completes, one by one. Throws RangeError at one that is over the limit. */
  *push(chunk: Buffer): Generator<string, void> {
    let start = 0;
    for (let i = 0; i < chunk.length; i++) {
      if (!this.#ends(chunk[i] ?? 0)) continue;
      const text = this.#take(chunk.subarray(start, i + 1));
      start = i + 1;
      if (text.trim() !== "") yield text;
    }
    this.#keep(chunk.subarray(start));
  }

  /** Whether a request has begun and not ended. */
  get isWithin(): boolean {
    return this.#length > 0;
  }

  /** What is left at the end of the stream, if anything. */
  end(): string | null {
    const text = this.#take(Buffer.alloc(0));
    return text.trim() === "" ? null : text;
  }

  #keep(rest: Buffer): void {
    if (rest.length > 0) this.#parts.push(rest);
    this.#length += rest.length;
    if (this.#length > this.#limit) throw new RangeError(`request over ${String(this.#limit)} bytes`);
  }

  #take(last: Buffer): string {
    this.#keep(last);
    const text = Buffer.concat(this.#parts).toString("utf8");
    this.#parts = [];
    this.#length = 0;
    this.#depth = 0;
    this.#inString = false;
    this.#escaped = false;
    return text;
  }

  /** Whether the request ends with this byte. */
  #ends(byte: number): boolean {
    if (byte === 0x0a) return true;
    if (this.#escaped) this.#escaped = false;
    else if (this.#inString && byte === 0x5c) this.#escaped = true;
    else if (byte === 0x22) this.#inString = !this.#inString;
    else if (this.#inString) return false;
    else if (byte === 0x7b || byte === 0x5b) this.#depth++;
    else if (byte === 0x7d || byte === 0x5d) return --this.#depth <= 0;
    return false;
  }
}
