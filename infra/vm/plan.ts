import { createHash } from "node:crypto";
import { unfit } from "./admission.ts";
import { networkOf } from "./name.ts";
import type { VmOptions } from "./options.ts";
import { VmRefusal } from "./refusal.ts";
import type { Machine, Survey } from "./survey.ts";

/** What tells a machine that was asked for from others: the same words again mean the same machine. */
export function askedFor(options: VmOptions): string {
  const { username, domain, cpu, ram, osdisk, datadisk, imageSha256, virtType } = options;
  const words = [username, domain, cpu, ram, osdisk, datadisk, imageSha256, virtType];
  return createHash("sha256").update(JSON.stringify(words)).digest("hex");
}

/** The machine that is meant, if it was begun: `another` means a new one, unless one like it is not finished. */
export function begun(survey: Survey, options: VmOptions, another: boolean): Machine | null {
  const same = survey.machines.filter(({ asked }) => asked === askedFor(options));
  return same.find(({ whole }) => !whole) ?? (another ? null : (same[0] ?? null));
}

const platforms = /^(debian:(1[2-9]|[2-9]\d)(\.\d+)*|ubuntu:(2[2-9]|[3-9]\d)\.\d+) x86_64$/;

/**
 * The network that its machines get. Throws VmRefusal for what a hypervisor cannot do. `survey.promised` is without
 * the machine that is meant.
 */
export function admit(survey: Survey, options: VmOptions): string {
  const { hypervisor, virtType, network } = options;
  if (!platforms.test(survey.platform))
    throw new VmRefusal(
      "refused",
      `${hypervisor} is ${survey.platform}, which is no hypervisor for this`,
      "Use Debian 12 or newer, or Ubuntu 22.04 or newer, on x86_64.",
    );
  if (virtType === "kvm" && !survey.kvm)
    throw new VmRefusal(
      "refused",
      `${hypervisor} has no /dev/kvm: --virt-type kvm does not work there`,
      "Switch virtualization on in its firmware; or give --virt-type qemu, which is some ten times slower.",
    );
  const { cpu, ram, osdisk, datadisk } = options;
  const faults = unfit(survey.capacity, survey.promised, { cpu, ram, disk: osdisk + datadisk });
  if (faults.length > 0)
    throw new VmRefusal(
      "refused",
      `${hypervisor} has no room for this machine\n  ${faults.join("\n  ")}`,
      "Ask for less, or remove machines there with `convocate-host destroy-vm`.",
    );
  const there = survey.gateway === null ? null : `${survey.gateway.replace(/\d+$/, "0")}/24`;
  if (there !== null && network !== undefined && network !== there)
    throw new VmRefusal(
      "refused",
      `--network: got ${network}, and the machines of ${hypervisor} are in ${there}`,
      "Leave --network out.",
    );
  if (survey.clashes.length > 0)
    throw new VmRefusal(
      "refused",
      `${wantedNetwork(options)} would be in the way of ${survey.clashes.join(", ")}, where ${hypervisor} has a route`,
      "Give its machines another network: --network 10.X.Y.0/24",
    );
  return there ?? wantedNetwork(options);
}

export const wantedNetwork = ({ hypervisor, network }: VmOptions): string => network ?? networkOf(hypervisor);
