import { stat } from "node:fs/promises";
import { ConvocateError } from "../../protocol/errors.ts";
import { writeAtomically } from "../host/atomic-file.ts";

/** Whether this agent still starts sessions. Kept in a file, which provisioning removes when it takes the agent back. */
export class Retirement {
  readonly #file: string;
  readonly #draining: () => boolean;
  #retired = false;

  /** `draining`: whether the agent is configured to start nothing more. */
  constructor(file: string, draining: () => boolean) {
    this.#file = file;
    this.#draining = draining;
  }

  async load(): Promise<void> {
    this.#retired = await stat(this.#file).then(
      () => true,
      () => false,
    );
  }

  /** Refuses what an agent that leaves the fleet does not do any more. */
  check(): void {
    if (this.#draining())
      throw new ConvocateError("draining", "this agent is being drained: it starts nothing new");
    if (this.#retired)
      throw new ConvocateError(
        "retired",
        "this agent was retired: use another, or run `pulumi up` for this one",
      );
  }

  /** From now on nothing starts; when `drain` fails, everything is as before. */
  async begin(drain: () => Promise<void>): Promise<void> {
    const before = this.#retired;
    this.#retired = true;
    try {
      await drain();
      await writeAtomically(this.#file, "retired\n");
    } catch (error) {
      this.#retired = before;
      throw error;
    }
  }
}
