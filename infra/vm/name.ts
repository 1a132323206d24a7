import { randomInt } from "node:crypto";

/** A host name of 8 random letters: of 2 × 10^11, so that two hypervisors need not ask each other. */
export const randomName = (): string =>
  Array.from({ length: 8 }, () => String.fromCharCode(0x61 + randomInt(26))).join("");
