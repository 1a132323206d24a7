import type { Context } from "./context.ts";

/** What became of it. */
export interface VmResult {
  result: "preview" | "made" | "finished" | "unchanged" | "removed" | "absent";
  name: string | null;
  [field: string]: unknown;
}

const plain = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

/** How making a machine goes: a line a step; with `json` an object a line. */
export class VmReport {
  readonly #context: Context;
  readonly #json: boolean;

  constructor(context: Context, json: boolean) {
    this.#context = context;
    this.#json = json;
  }

  say(step: string): void {
    const { stdout, stderr } = this.#context;
    if (this.#json) stdout.write(`${JSON.stringify({ type: "step", step })}\n`);
    else stderr.write(`${step}\n`);
  }

  done(result: VmResult): void {
    const { stdout } = this.#context;
    if (this.#json) return void stdout.write(`${JSON.stringify({ type: "result", ...result })}\n`);
    const { result: word, name, stack_line: line, route, ...rest } = result;
    stdout.write(`${name ?? "a new machine"}: ${word}\n`);
    for (const [field, value] of Object.entries(rest))
      stdout.write(`  ${field.replaceAll("_", " ")}: ${plain(value)}\n`);
    if (line !== undefined) stdout.write(`for the stack file, under convocate:hosts:\n    ${plain(line)}\n`);
    if (route)
      stdout.write(`this machine does not reach it: the fleet's hosts need a route to ${plain(route)}\n`);
  }
}
