import type { Readable, Writable } from "node:stream";

/** What a verb works with. */
export interface Context {
  /** The status daemon's socket. */
  socket: string;
  /** Where agents are registered. */
  agentKeys: string;
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
  /** Of the operator's terminal, where there is one. */
  term: string | undefined;
  colorterm: string | undefined;
}

export const printJson = (context: Context, value: unknown): void => {
  context.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
};
