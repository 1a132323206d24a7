import type { EngineEvent } from "./engine-event.ts";
import { Messages } from "./messages.ts";
import type { Plan } from "./plan.ts";
import type { Placed, Placement } from "./resources.ts";

/** Reads the events of a preview into a plan. */
export class PlanReader {
  readonly #placed = new Map<string, Placed>();
  readonly #placement: Placement;
  readonly messages: Messages;

  constructor(placement: Placement) {
    this.#placement = placement;
    this.messages = new Messages(placement);
  }

  read(event: EngineEvent): void {
    if (event.kind === "message") this.messages.add(event);
    if (event.kind !== "begin") return;
    const placed = this.#placement.place(event.resource);
    if (!placed) return;
    // A replacement is told in three events; that something is made anew is the one that counts.
    const before = this.#placed.get(placed.urn);
    if (before === undefined || before.action === null) this.#placed.set(placed.urn, placed);
  }

  get plan(): Plan {
    return [...this.#placed.values()];
  }
}
