import type { EngineEvent, EventResource } from "./engine-event.ts";
import { Messages } from "./messages.ts";
import type { Plan } from "./plan.ts";
import type { Placed, Placement } from "./resources.ts";

/** Reads the events of a preview into a plan. */
export class PlanReader {
  readonly #resources: EventResource[] = [];
  readonly #placement: Placement;
  readonly messages: Messages;

  constructor(placement: Placement) {
    this.#placement = placement;
    this.messages = new Messages(placement);
  }

  read(event: EngineEvent): void {
    if (event.kind === "message") this.messages.add(event);
    if (event.kind === "begin") this.#resources.push(event.resource);
  }

  /** Once all was read: what goes is told before the component that it is a part of. */
  get plan(): Plan {
    for (const resource of this.#resources) this.#placement.place(resource);
    const plan = new Map<string, Placed>();
    for (const resource of this.#resources) {
      const placed = this.#placement.place(resource);
      // A replacement is told in three events; that something is made anew is the one that counts.
      if (placed && (plan.get(placed.urn)?.action ?? null) === null) plan.set(placed.urn, placed);
    }
    return [...plan.values()];
  }
}
