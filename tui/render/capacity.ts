import type { FleetAgent } from "../../protocol/fleet.ts";
import { capacityOf } from "../state/capacity.ts";

const gibibyte = 2 ** 30;

const gib = (bytes: number): string => (bytes / gibibyte).toFixed(bytes < 10 * gibibyte ? 1 : 0);
const cores = (n: number): string => String(Math.round(n * 10) / 10);

interface Part {
  total: number | undefined;
  used: number | undefined;
  promised: number | undefined;
}

/** `4.0/7.8 GiB, 1.2 used`: promised, of how much, in use; what is not told is left out. */
function share({ total, used, promised }: Part, text: (n: number) => string, unit: string): string {
  if (total === undefined) return "-";
  const of = promised === undefined ? "" : `${text(promised)}/`;
  const inUse = used === undefined ? "" : `, ${text(used)} used`;
  return `${of}${text(total)}${unit}${inUse}`;
}

/** What a host has, as cells: memory, cores and disk; promised/total, used. */
export function capacityCells(agent: FleetAgent): [memory: string, cpu: string, disk: string] {
  const told = capacityOf(agent);
  if (!told) return ["-", "-", "-"];
  const memory: Part = {
    total: told.memory_bytes,
    used: told.memory_used_bytes,
    promised: told.memory_promised_bytes,
  };
  const cpu: Part = { total: told.cpus, used: told.cpus_used, promised: told.cpus_promised };
  const disk: Part = {
    total: told.disk_bytes,
    used: told.disk_used_bytes,
    promised: told.disk_promised_bytes,
  };
  return [share(memory, gib, " GiB"), share(cpu, cores, ""), share(disk, gib, " GiB")];
}

/** `3.8 of 7.8 GiB free`: memory that is promised to nobody; empty when the agent does not tell. */
export function freeText(agent: FleetAgent): string {
  const told = capacityOf(agent);
  if (!told) return "";
  const free = Math.max(0, told.memory_bytes - told.memory_promised_bytes);
  return `${gib(free)} of ${gib(told.memory_bytes)} GiB free`;
}
