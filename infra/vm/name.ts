import { createHash, randomInt } from "node:crypto";

/** A host name of 8 random letters: of 2 × 10^11, so that two hypervisors need not ask each other. */
export const randomName = (): string =>
  Array.from({ length: 8 }, () => String.fromCharCode(0x61 + randomInt(26))).join("");

export const isMachineName = (name: string): boolean => /^[a-z]{8}$/.test(name);

const digest = (text: string) => createHash("sha256").update(text).digest();

/** The address of a machine's network card, made from its name; 52:54:00 is what QEMU's cards begin with. */
export const macOf = (name: string): string =>
  [
    "52",
    "54",
    "00",
    ...[...digest(name).subarray(0, 3)].map((byte) => byte.toString(16).padStart(2, "0")),
  ].join(":");

/**
 * The network of a hypervisor's machines where none was asked for: of 10.64.0.0/10 one that is its own, for the fleet's
 * hosts need a way to each.
 */
export function networkOf(hypervisor: string): string {
  const [high = 0, low = 0] = digest(hypervisor.toLowerCase());
  return `10.${String(64 + (high % 64))}.${String(low)}.0/24`;
}
