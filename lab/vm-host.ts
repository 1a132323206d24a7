import { must, run } from "./command.ts";
import type { Lab } from "./lab.ts";

/**
 * What a host in a container does not have, and a machine has: a device for network cards of machines; and what libvirt
 * cannot do in one.
 */
const fitness = `set -e
mkdir -p /dev/net /etc/libvirt
[ -e /dev/net/tun ] || mknod /dev/net/tun c 10 200
printf '%s\\n' 'cgroup_controllers = []' 'security_driver = "none"' 'namespaces = []' 'remember_owner = 0' >/etc/libvirt/qemu.conf`;

/** Makes a lab host fit to become a hypervisor. */
export async function fitForMachines(lab: Lab, host: string): Promise<void> {
  await must(["docker", "exec", lab.container(host), "sh", "-c", fitness]);
}

/** The way from this machine and from hosts of the lab to a hypervisor's machines, as a router of the fleet has it. */
export async function addRoutes(lab: Lab, network: string, by: string, hosts: string[]): Promise<void> {
  const { address } = await lab.host(by);
  const route = ["ip", "route", "replace", network, "via", address];
  await must(route);
  for (const host of hosts) await must(["docker", "exec", lab.container(host), ...route]);
}

/** This machine's route; the hosts' go with them. */
export async function removeRoute(network: string): Promise<void> {
  await run(["ip", "route", "del", network]);
}
