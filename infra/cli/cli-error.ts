import type { exitStatus } from "../../protocol/errors.ts";

/** Something the operator has to know and to do: what, the remedy, and how the command ends. */
export class CliError extends Error {
  readonly exit: keyof typeof exitStatus;
  readonly remedy: string;
  constructor(exit: keyof typeof exitStatus, message: string, remedy: string) {
    super(message);
    this.name = "CliError";
    this.exit = exit;
    this.remedy = remedy;
  }
}
