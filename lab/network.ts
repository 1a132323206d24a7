import { must } from "./command.ts";

/** First two octets of the labs' networks; each lab has a /24 of its own. */
const prefix = "10.213";

/** The first /24 that none of `taken` (networks in CIDR notation) touches; labs are small, /24s are compared whole. */
export function freeSubnet(taken: readonly string[]): string {
  for (let third = 0; third < 256; third++) {
    const start = `${prefix}.${String(third)}.`;
    if (!taken.some((network) => network.startsWith(start))) return `${start}0/24`;
  }
  throw new Error(`every network in ${prefix}.0.0/16 is taken: remove labs that are not needed (lab down)`);
}

/** The lowest address of `subnet` from .10 up that no host has. */
export function freeAddress(subnet: string, taken: readonly string[]): string {
  const start = subnet.replace(/0\/24$/, "");
  for (let last = 10; last < 250; last++) {
    if (!taken.includes(`${start}${String(last)}`)) return `${start}${String(last)}`;
  }
  throw new Error(`${subnet} is full: a lab has room for 240 hosts`);
}

/** Networks this machine knows: its routes and Docker's networks. */
export async function takenNetworks(): Promise<string[]> {
  const routes = await must(["ip", "-4", "route", "show", "table", "all"]);
  const format = "{{range .IPAM.Config}}{{.Subnet}} {{end}}";
  const ids = (await must(["docker", "network", "ls", "-q"])).split("\n");
  const networks = await must(["docker", "network", "inspect", "--format", format, ...ids]);
  return `${routes} ${networks}`.split(/\s+/).filter((word) => /^\d+(\.\d+){3}/.test(word));
}

/** Bytes of the largest packet that leaves this machine whole: a larger one in the lab would vanish on the way out. */
export async function uplinkMtu(): Promise<number> {
  const device = /\bdev (\S+)/.exec(await must(["ip", "-4", "route", "show", "default"]))?.[1];
  if (!device) return 1500;
  return Number(/\bmtu (\d+)/.exec(await must(["ip", "link", "show", "dev", device]))?.[1] ?? 1500);
}
