import { readFileSync } from "node:fs";

/** The fields of /proc/<pid>/stat from the third on; none: no such process. */
function fieldsOf(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}

/** Field 22 of /proc/<pid>/stat, in clock ticks since boot: a pid that is used again has another. Null: no such process. */
export const startTime = (pid: number): string | null => fieldsOf(pid)[19] ?? null;

/** Whether the process that began then still runs; one that ended and waits for its parent to ask does not. */
export function isAlive(pid: number, started: string): boolean {
  const fields = fieldsOf(pid);
  return fields[19] === started && !/^[ZX]/.test(fields[0] ?? "");
}

/** Differs after every boot of this host. Containers share the kernel's boot id, so the start of PID 1 is part of it. */
export function bootMark(): string {
  const id = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return `${id} ${startTime(1) ?? ""}`;
}
