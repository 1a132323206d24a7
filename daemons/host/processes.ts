import { readFileSync } from "node:fs";

/** Field 22 of /proc/<pid>/stat, in clock ticks since boot: a pid that is used again has another. Null: no such process. */
export function startTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

/** Differs after every boot of this host. Containers share the kernel's boot id, so the start of PID 1 is part of it. */
export function bootMark(): string {
  const id = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return `${id} ${startTime(1) ?? ""}`;
}
