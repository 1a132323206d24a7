import { ConvocateError } from "../../protocol/errors.ts";
import type { Limits } from "../../protocol/session.ts";

/** Of each axis, sessions get at most this share: the rest keeps the host itself alive (spec/3 "Capacity"). */
const share = 0.9;

/** One axis of a host: all of it, what is in use now, what is promised to running sessions. */
export interface Axis {
  total: number;
  used: number;
  promised: number;
}

export interface Capacity {
  memory: Axis;
  cpu: Axis;
  disk: Axis;
  /** Sessions that run. */
  running: number;
}

const gib = (bytes: number) => (bytes / 2 ** 30).toFixed(1);
const cores = (n: number) => n.toFixed(1);

const axes = [
  { name: "memory", of: "memory_bytes", show: gib, unit: "GiB", when: "" },
  { name: "cpu", of: "cpus", show: cores, unit: "cores", when: " (average of 60 s)" },
  { name: "disk", of: "disk_bytes", show: gib, unit: "GiB", when: "" },
] as const;

const denied = (why: string) => new ConvocateError("admission_denied", `admission denied: ${why}`);

/** Refuses limits that this host could never keep, whatever else runs. */
export function checkFits(limits: Limits, capacity: Capacity): void {
  for (const { name, of, show, unit } of axes) {
    const [asked, cap] = [limits[of] ?? 0, capacity[name].total * share];
    if (asked > cap)
      throw denied(`${name}: ${show(asked)} ${unit} asked, this host can give ${show(cap)} at most`);
  }
}

/** Refuses a start when what is in use, or what is promised with this one, would pass the cap of an axis. */
export function admit(limits: Limits, capacity: Capacity): void {
  for (const { name, of, show, unit, when } of axes) {
    const { total, used, promised } = capacity[name];
    const [asked, cap] = [limits[of] ?? 0, total * share];
    const says = (n: number) => `${name}: ${show(asked)} ${unit} asked, ${show(n)} of ${show(cap)} ${unit}`;
    if (promised + asked > cap) throw denied(`${says(promised)} promised to ${sessions(capacity.running)}`);
    if (used + asked > cap) throw denied(`${says(used)} in use${when}`);
  }
}

/** Bytes that may come on a disk before sessions do not start any more. */
export const roomOf = ({ total, used }: Pick<Axis, "total" | "used">): number =>
  Math.max(0, Math.floor(total * share - used));

/** Refuses what there is no room for on a disk. */
export function checkRoom(bytes: number, disk: Pick<Axis, "total" | "used">): void {
  if (bytes <= roomOf(disk)) return;
  const { total, used } = disk;
  throw denied(`disk: ${gib(bytes)} GiB asked, ${gib(used)} of ${gib(total * share)} GiB in use`);
}

const sessions = (n: number) => `${String(n)} session${n === 1 ? "" : "s"}`;
