import type { exitStatus } from "../../protocol/errors.ts";

/** Why no machine is made or removed, and what to do. */
export class VmRefusal extends Error {
  readonly kind: keyof typeof exitStatus;
  readonly remedy: string;
  constructor(kind: keyof typeof exitStatus, message: string, remedy: string) {
    super(message);
    this.name = "VmRefusal";
    this.kind = kind;
    this.remedy = remedy;
  }
}
