import type { EngineEvent } from "./engine-event.ts";
import type { FailureEvent } from "./events.ts";
import { readFailure } from "./failure.ts";
import type { Placement } from "./resources.ts";

type Message = Extract<EngineEvent, { kind: "message" }>;

/** What the engine and the program said, by resource. */
export class Messages {
  readonly #placement: Placement;
  readonly #errors = new Map<string, string>();
  readonly #general: string[] = [];
  readonly #output: string[] = [];

  constructor(placement: Placement) {
    this.#placement = placement;
  }

  add({ urn, severity, text }: Message): void {
    const owned = urn !== null && !urn.includes("::pulumi:pulumi:Stack::");
    if (severity === "output") this.#output.push(text.trimEnd());
    if (severity !== "error") return;
    if (owned) this.#errors.set(urn, `${this.#errors.get(urn) ?? ""}${text}`);
    // The program's echo of a failure that was told with its resource.
    else if (!/failed to register|^update failed|^preview failed/.test(text))
      this.#general.push(text.trimEnd());
  }

  of(urn: string): string {
    return this.#errors.get(urn) ?? "";
  }

  /** Failures of the program itself, and of resources that never began. */
  rest(told: ReadonlySet<string>): FailureEvent[] {
    const failures = [...this.#errors].flatMap(([urn, text]) =>
      told.has(urn) ? [] : [readFailure(this.#placement.hostOfUrn(urn), null, text)],
    );
    if (this.#general.length > 0 && failures.length === 0 && told.size === 0)
      failures.push(this.#programFailure());
    return failures;
  }

  /** What the program printed before it ended says more than that it ended; where it said why, that goes first. */
  #programFailure(): FailureEvent {
    const onlyEnded = this.#general.every((text) => /exited with non-zero exit code/.test(text));
    const parts = onlyEnded ? [...this.#output, ...this.#general] : [...this.#general, ...this.#output];
    return readFailure(null, null, parts.filter((text) => text !== "").join("\n"));
  }
}
