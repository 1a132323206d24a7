import { readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import type { Clock } from "./clock.ts";

/** How much of the host is in use. */
export interface HostLoad {
  /** Bytes that programs hold: what the kernel could free at need is not counted. */
  memoryUsed(): number;
  /** Cores that were busy, on average, over the last 60 s; what was before this program began counts as idle. */
  cpusUsed(): number;
  /** Bytes of the filesystem that holds `path`, as `df` counts them: root's reserve belongs to nobody. */
  disk(path: string): Promise<{ total: number; used: number }>;
}

const sampleEvery = 5_000;
const average = 60_000;
/** So many that the oldest is at least 60 s old. */
const samplesKept = average / sampleEvery + 1;

/** Kilobytes in a line of /proc/meminfo, in bytes (proc_meminfo(5)). */
export function memoryLine(meminfo: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(meminfo)?.[1] ?? 0) * 1024;
}

/** Milliseconds that all cores together were busy: of the root of the control groups, version 2 and 1, and of /proc/stat. */
export const busyTimes = {
  "/sys/fs/cgroup/cpu.stat": (text: string) => Number(/^usage_usec (\d+)$/m.exec(text)?.[1]) / 1e3,
  "/sys/fs/cgroup/cpuacct/cpuacct.usage": (text: string) => Number(text) / 1e6,
  // User, nice, system, (idle, waiting for disks), interrupts, soft interrupts, stolen: in hundredths (proc_stat(5)).
  "/proc/stat": (text: string) => {
    const times = (/^cpu +(.*)$/m.exec(text)?.[1] ?? "").split(" ").map(Number);
    return [0, 1, 2, 5, 6, 7].reduce((sum, n) => sum + (times[n] ?? 0), 0) * 10;
  },
};

/** The first that this kernel has. A host that is a container itself counts what it does, not what its machine does. */
function readBusy(): number {
  for (const [file, parse] of Object.entries(busyTimes)) {
    try {
      const busy = parse(readFileSync(file, "utf8"));
      if (Number.isFinite(busy)) return busy;
    } catch {
      // This kernel does not have it.
    }
  }
  return 0;
}

/** This host; samples for as long as the process lives. */
export function watchLoad(clock: Clock, read = readBusy): HostLoad {
  const now = () => ({ at: clock.now().getTime(), busy: read() });
  const samples = [now()];
  const sample = () => {
    samples.push(now());
    if (samples.length > samplesKept) samples.shift();
    clock.after(sampleEvery, sample);
  };
  clock.after(sampleEvery, sample);
  return {
    memoryUsed() {
      const meminfo = readFileSync("/proc/meminfo", "utf8");
      return memoryLine(meminfo, "MemTotal") - memoryLine(meminfo, "MemAvailable");
    },
    cpusUsed() {
      const [first, last] = [samples[0], now()];
      if (!first) return 0;
      // A busy second is not a busy minute: after a reboot, what ran before has to start while the host is busy booting.
      return (last.busy - first.busy) / Math.max(last.at - first.at, average);
    },
    async disk(path) {
      const { blocks, bfree, bavail, bsize } = await statfs(path);
      const used = (blocks - bfree) * bsize;
      return { total: used + bavail * bsize, used };
    },
  };
}
