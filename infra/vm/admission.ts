/** What machines have or take, one figure for each axis. */
export interface Resources {
  /** Processors. */
  cpu: number;
  /** MiB. */
  ram: number;
  /** GiB. */
  disk: number;
}

/** The percentage of the hypervisor that its VMs may have together; the rest is its own, as `machine.slice` has it. */
export const share = 90;

const axes = [
  { axis: "cpu", unit: "processors", option: "--cpu" },
  { axis: "ram", unit: "MiB", option: "--ram" },
  { axis: "disk", unit: "GiB", option: "--osdisk and --datadisk" },
] as const;

/**
 * What does not fit, a line for each axis with its figures; none: the VM is admitted. `promised` is what the VMs
 * there were made with, running or not: all of them may be started.
 */
export function unfit(has: Resources, promised: Resources, asked: Resources): string[] {
  return axes.flatMap(({ axis, unit, option }) => {
    const limit = Math.floor((has[axis] * share) / 100);
    const left = Math.max(0, limit - promised[axis]);
    if (asked[axis] <= left) return [];
    const figures = `${String(asked[axis])} asked for, and ${String(promised[axis])} of ${String(limit)} given away (${String(share)} % of ${String(has[axis])} ${unit})`;
    return [`${axis}: ${figures}; ${option} may take ${String(left)}`];
  });
}
