import { createHash } from "node:crypto";

/** No letters or digits that look alike. */
const alphabet = "abcdefghjkmnpqrstuvwxyz23456789";

/** The default id of an agent: 12 characters derived from stack and host name, so that it is the same at every `up`. */
export function deriveAgentId(stack: string, host: string): string {
  let number = BigInt(`0x${createHash("sha256").update(`${stack}/${host}`).digest("hex")}`);
  let id = "";
  for (let i = 0; i < 12; i++) {
    id += alphabet[Number(number % BigInt(alphabet.length))] ?? "";
    number /= BigInt(alphabet.length);
  }
  return id;
}
