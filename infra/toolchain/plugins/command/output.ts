/** What a command printed. */
export interface Output {
  stdout: string;
  stderr: string;
}

type Stream = keyof Output;

const logged: Record<string, readonly Stream[]> = {
  none: [],
  stdout: ["stdout"],
  stderr: ["stderr"],
  stdoutAndStderr: ["stdout", "stderr"],
};

/** Collects both streams, and shows the operator those that `logging` names. Lines may be of any length. */
export class Collector {
  readonly #parts: Record<Stream, Buffer[]> = { stdout: [], stderr: [] };
  readonly #shown: readonly Stream[];

  constructor(logging: unknown) {
    this.#shown = logged[typeof logging === "string" ? logging : "stdoutAndStderr"] ?? [];
  }

  add(stream: Stream, chunk: Buffer): void {
    this.#parts[stream].push(chunk);
    // The engine shows the lines a plugin writes to its standard error.
    if (this.#shown.includes(stream)) process.stderr.write(chunk);
  }

  /** One trailing newline is cut. */
  get output(): Output {
    const text = (stream: Stream) => Buffer.concat(this.#parts[stream]).toString("utf8").replace(/\n$/, "");
    return { stdout: text("stdout"), stderr: text("stderr") };
  }
}

/** The official plugin's words for a command that failed. */
export function failure(
  command: string,
  status: { code: number | null; signal?: string | undefined },
  output: Output,
): Error {
  const how =
    status.signal === undefined
      ? `Process exited with status ${String(status.code ?? -1)}`
      : `Process exited with status ${String(status.code ?? 128 + (signals[status.signal] ?? 0))} from signal ${status.signal}`;
  return new Error(
    `${how}: running ${JSON.stringify(command)}:\n${output.stderr}\n${output.stdout}`.trimEnd(),
  );
}

const signals: Record<string, number> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ABRT: 6,
  KILL: 9,
  SEGV: 11,
  PIPE: 13,
  TERM: 15,
};
