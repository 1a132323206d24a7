import { readFileSync } from "node:fs";

/** What tells this machine from others (machine-id(5)); null where there is none. */
export function machineId(): string | null {
  try {
    return readFileSync("/etc/machine-id", "utf8").trim() || null;
  } catch {
    return null;
  }
}
