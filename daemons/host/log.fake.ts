import type { Log } from "./log.ts";

export interface LogLine {
  level: keyof Log;
  fields: object;
  message: string;
}

/** A log that remembers. */
export class MemoryLog implements Log {
  readonly lines: LogLine[] = [];
  readonly debug = this.#add("debug");
  readonly info = this.#add("info");
  readonly warn = this.#add("warn");
  readonly error = this.#add("error");

  /** Everything as text, for tests that look for words. */
  get text(): string {
    return this.lines.map((line) => JSON.stringify(line)).join("\n");
  }

  #add(level: keyof Log) {
    return (fields: object, message: string) => void this.lines.push({ level, fields, message });
  }
}
