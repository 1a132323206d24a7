import { setTimeout } from "node:timers/promises";
import { runAsRoot, type Endpoint } from "../ssh/connect.ts";
import type { Hypervisor } from "./hypervisor.ts";
import { VmRefusal } from "./refusal.ts";

/** How long a machine has to become ready, and how often it is asked, in milliseconds. */
export interface Patience {
  total: number;
  pause: number;
}

/** A first boot takes a minute or two; in software emulation some ten times that, and longer on a busy hypervisor. */
export const patienceOf = (virtType: "kvm" | "qemu"): Patience =>
  virtType === "kvm" ? { total: 15 * 60_000, pause: 3000 } : { total: 60 * 60_000, pause: 10_000 };

/** What is still missing in a machine, a line each; nothing: it is ready. */
export const readyScript = (name: string) => `export LC_ALL=C
state=$(cloud-init status 2>/dev/null | awk '$1 == "status:" { print $2 }')
case "$state" in
  # Every module of it is not ours: what counts is looked at below.
  done | error) ;;
  *) echo "cloud-init: \${state:-not there}" ;;
esac
[ "$(hostname)" = ${name} ] || echo "its name is $(hostname)"
[ "$(findmnt -no LABEL /var)" = convocate-var ] || echo "/var is not on the data disk"
sshd -T | grep -qx "passwordauthentication no" || echo "sshd takes passwords"
sshd -T | grep -qx "permitrootlogin no" || echo "sshd lets root in"`;

/** Waits until the machine answers with its own key and no other, and is what it was made to be. */
export async function answers(
  hypervisor: Hypervisor,
  machine: Endpoint & { name: string },
  { total, pause }: Patience,
): Promise<void> {
  const deadline = Date.now() + total;
  for (;;) {
    const missing = await hypervisor
      .through(machine, (client) =>
        runAsRoot(client, { title: "looking at the machine", script: readyScript(machine.name) }),
      )
      .catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
    if (missing === "") return;
    if (Date.now() >= deadline)
      throw new VmRefusal(
        "failed",
        `${machine.name} is not ready after ${String(Math.round(total / 60_000))} minutes: ${missing}`,
        `See its console on ${hypervisor.name}: /var/lib/convocate-machines/${machine.name}/console.log. Run this again to wait longer, or remove it with \`convocate-host destroy-vm\`.`,
      );
    await setTimeout(pause);
  }
}
