import { StringDecoder } from "node:string_decoder";

/** Splits a byte stream into lines; a line over `limit` characters is an error of the peer, and nothing is kept. */
export class LineSplitter {
  readonly #limit: number;
  #decoder = new StringDecoder("utf8");
  #rest = "";

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The lines that `chunk` completes, without their newlines. Throws RangeError past the limit. */
  push(chunk: Buffer): string[] {
    const lines = (this.#rest + this.#decoder.write(chunk)).split("\n");
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > this.#limit || lines.some((line) => line.length > this.#limit)) {
      this.#rest = "";
      throw new RangeError(`line over ${String(this.#limit)} characters`);
    }
    return lines;
  }

  /** What came after the last newline. */
  get rest(): string {
    return this.#rest;
  }
}

export const encodeLine = (value: unknown): string => `${JSON.stringify(value)}\n`;
