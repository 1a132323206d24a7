import type { Progress } from "../migrate/move.ts";
import type { Context } from "./context.ts";

const titles: Record<Progress["step"], string> = {
  hold: "holding the session at both ends",
  look: "looking at both hosts",
  copy: "copying",
  check: "comparing what arrived",
  commit: "making it a session of the target",
  list: "waiting until the target lists it",
  release: "letting go of it at the source",
};

/** What a move came to; `sha256` null: an earlier run had copied it. */
export interface MoveResult {
  uuid: string;
  source: string;
  target: string;
  bytes: number;
  sha256: string | null;
}

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

/** How a move goes: a line a step, the copy's amount and rate beside it; with `json` an object a line. */
export class MoveReport {
  readonly #context: Context;
  readonly #json: boolean;
  #step: Progress["step"] | null = null;
  #copyingSince = 0;
  #told = 0;

  constructor(context: Context, json: boolean) {
    this.#context = context;
    this.#json = json;
  }

  say(progress: Progress): void {
    const now = this.#context.now();
    const begins = progress.step !== this.#step;
    if (begins) this.end();
    if (begins && progress.step === "copy") this.#copyingSince = now;
    this.#step = progress.step;
    // A terminal's line is rewritten four times a second, a log gets a line every ten seconds.
    const pause = this.#onTerminal ? 250 : 10_000;
    if (!begins && now - this.#told < pause) return;
    this.#told = now;
    this.#tell(progress, now);
  }

  #tell(progress: Progress, now: number): void {
    const { stdout, stderr } = this.#context;
    const seconds = Math.max(0.001, (now - this.#copyingSince) / 1_000);
    const amount =
      progress.step === "copy"
        ? { ...progress, bytes_per_second: Math.round(progress.bytes / seconds) }
        : progress;
    if (this.#json) return void stdout.write(`${JSON.stringify({ type: "step", ...amount })}\n`);
    if (progress.step !== "copy") return void stderr.write(`${titles[progress.step]}\n`);
    const rate = mebibytes(progress.bytes / seconds);
    const line = `copying ${mebibytes(progress.bytes)} of about ${mebibytes(progress.total)} MiB, ${rate} MiB/s`;
    stderr.write(this.#onTerminal ? `\r\x1b[K${line}` : `${line}\n`);
  }

  /** Leaves the line that is being rewritten. */
  end(): void {
    if (this.#step === "copy" && this.#onTerminal) this.#context.stderr.write("\n");
    this.#step = null;
  }

  done(result: MoveResult): void {
    this.end();
    const { stdout } = this.#context;
    if (this.#json)
      return void stdout.write(`${JSON.stringify({ type: "result", result: "moved", ...result })}\n`);
    const what =
      result.sha256 === null
        ? "an earlier run had copied it"
        : `${mebibytes(result.bytes)} MiB, SHA-256 ${result.sha256}`;
    stdout.write(`moved ${result.uuid} from ${result.source} to ${result.target}: ${what}\n`);
  }

  get #onTerminal(): boolean {
    return !this.#json && this.#context.stderr.isTTY === true;
  }
}
