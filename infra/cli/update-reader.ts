import type { EngineEvent, EventResource } from "./engine-event.ts";
import type { CliEvent, FailureEvent } from "./events.ts";
import { readFailure } from "./failure.ts";
import { Messages } from "./messages.ts";
import type { Placed, Placement } from "./resources.ts";

/** Turns the events of an update into ours. */
export class UpdateReader {
  readonly #placement: Placement;
  readonly #emit: (event: CliEvent) => void;
  readonly #now: () => number;
  readonly #started = new Map<string, number>();
  readonly #failed = new Map<string, Placed>();
  readonly #messages: Messages;
  /** Steps that were done, by host. */
  readonly done = new Map<string | null, number>();

  constructor(placement: Placement, emit: (event: CliEvent) => void, now: () => number) {
    this.#placement = placement;
    this.#emit = emit;
    this.#now = now;
    this.#messages = new Messages(placement);
  }

  read(event: EngineEvent): void {
    if (event.kind === "message") this.#messages.add(event);
    else this.#step(event.kind, event.resource);
  }

  #step(kind: "begin" | "end" | "failed", resource: EventResource): void {
    const placed = this.#placement.place(resource);
    if (!placed) return;
    if (kind === "failed") this.#failed.set(placed.urn, placed);
    const { host, step, action, custom } = placed;
    if (!custom || action === null) return;
    const start = this.#started.get(placed.urn);
    if (kind === "begin") this.#started.set(placed.urn, this.#now());
    // Outputs come a second time for some resources.
    else if (start === undefined) return;
    else this.#started.delete(placed.urn);
    if (kind === "end") this.done.set(host, (this.done.get(host) ?? 0) + 1);
    this.#emit({
      type: "step",
      host,
      step,
      action,
      status: kind === "begin" ? "started" : kind === "end" ? "done" : "failed",
      seconds: start === undefined ? null : Math.round((this.#now() - start) / 100) / 10,
    });
  }

  /** After the end of the run: everything that failed, and why. */
  failures(): FailureEvent[] {
    const told = [...this.#failed.values()].map(({ urn, host, step }) =>
      readFailure(host, step, this.#messages.of(urn)),
    );
    return [...told, ...this.#messages.rest(new Set(this.#failed.keys()))];
  }
}
