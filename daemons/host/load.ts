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
/** So many that the oldest is at least 60 s old. */
const samplesKept = 60_000 / sampleEvery + 1;
/** Clock ticks of one core in 60 s: user space sees 100 a second (time(7)). */
const ticksPerMinute = 6_000;

/** Kilobytes in a line of /proc/meminfo, in bytes (proc_meminfo(5)). */
export function memoryLine(meminfo: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(meminfo)?.[1] ?? 0) * 1024;
}

/** Busy and total time of all cores, in clock ticks since boot, and the number of cores (proc_stat(5)). */
export function cpuTimes(stat: string): { busy: number; total: number; cores: number } {
  const times = (/^cpu +(.*)$/m.exec(stat)?.[1] ?? "").split(" ").slice(0, 8).map(Number);
  const total = times.reduce((sum, n) => sum + n, 0);
  const [, , , idle = 0, ioWait = 0] = times;
  return { busy: total - idle - ioWait, total, cores: [...stat.matchAll(/^cpu\d+ /gm)].length };
}

const readCpu = () => cpuTimes(readFileSync("/proc/stat", "utf8"));

/** This host, by /proc; samples for as long as the process lives. */
export function watchLoad(clock: Clock, read = readCpu): HostLoad {
  const samples = [read()];
  const sample = () => {
    samples.push(read());
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
      const [first, now] = [samples[0], read()];
      if (!first || now.total <= first.total) return 0;
      // A busy second is not a busy minute: after a reboot, what ran before has to start while the host is busy booting.
      const measured = Math.max(now.total - first.total, ticksPerMinute * now.cores);
      return ((now.busy - first.busy) / measured) * now.cores;
    },
    async disk(path) {
      const { blocks, bfree, bavail, bsize } = await statfs(path);
      const used = (blocks - bfree) * bsize;
      return { total: used + bavail * bsize, used };
    },
  };
}
