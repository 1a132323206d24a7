import { stat } from "node:fs/promises";
import { ConvocateError } from "../../protocol/errors.ts";
import { writeAtomically } from "../host/atomic-file.ts";

/** Whether this agent still starts sessions. Kept in a file, which provisioning removes when it takes the agent back. */
export class Retirement {
  readonly #file: string;
  #retired = false;

  constructor(file: string) {
    this.#file = file;
  }

  async load(): Promise<void> {
    this.#retired = await stat(this.#file).then(
      () => true,
      () => false,
    );
  }

  /** Refuses what an agent that was retired does not do any more. */
  check(): void {
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
