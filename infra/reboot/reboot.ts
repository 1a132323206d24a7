import { setTimeout } from "node:timers/promises";
import type { Client } from "ssh2";
import { runAsRoot } from "../ssh/connect.ts";

/** Containers share their kernel's boot id: the start of PID 1 tells of theirs. */
const mark = `echo "$(cat /proc/sys/kernel/random/boot_id) $(awk '{ print $22 }' /proc/1/stat)"`;

/**
 * Says `unasked`, `busy` (it is a host of the fleet already, or containers run: that is for its administrator to restart) or the mark
 * of this boot, which is over in a second: later than this connection.
 */
const rebootScript = `set -euo pipefail
[ -e /var/run/reboot-required ] || { echo unasked; exit; }
[ ! -e /usr/local/lib/convocate/current ] || { echo busy; exit; }
if command -v docker >/dev/null; then
  running=$(docker ps -q)
  [ -z "$running" ] || { echo busy; exit; }
fi
${mark}
systemd-run --quiet --on-active=1 --timer-property=AccuracySec=100ms systemctl reboot`;

export interface Patience {
  /** Milliseconds until a host that does not come back is given up. */
  total: number;
  /** Between two tries. */
  pause: number;
}

/** Firmware of large machines takes minutes. */
const patience: Patience = { total: 15 * 60_000, pause: 2000 };

/**
 * Restarts a host whose upgrade asks for it, and waits for another boot that has come up. Run again after an
 * interruption, it finds nothing left to do: the request is gone with the boot it was made in.
 * Throws with host and remedy when the host does not come back.
 */
export async function rebootIfAsked(
  host: string,
  connect: () => Promise<Client>,
  { total, pause }: Patience = patience,
): Promise<{ reboot: "unasked" | "busy" | "done" }> {
  const ask = async (title: string, script: string) => {
    const client = await connect();
    try {
      return await runAsRoot(client, { title, script });
    } finally {
      client.end();
    }
  };
  const before = await ask("restarting", rebootScript);
  if (before === "unasked" || before === "busy") return { reboot: before };
  const deadline = Date.now() + total;
  let last = "it runs on as before";
  while (Date.now() < deadline) {
    await setTimeout(pause);
    try {
      const now = await ask(
        "looking",
        `${mark}; timeout 120 systemctl is-system-running --wait >/dev/null || true`,
      );
      if (now !== before) return { reboot: "done" };
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
  }
  throw new Error(
    `${host} did not come back within ${String(total / 60_000)} minutes of its restart (${last}): see its console, then run this again`,
  );
}
