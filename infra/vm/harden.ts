import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { runAsRoot } from "../ssh/connect.ts";
import type { Patience } from "./answer.ts";
import type { Hypervisor } from "./hypervisor.ts";
import { VmRefusal } from "./refusal.ts";

export const hardenScript = readFileSync(join(import.meta.dirname, "harden.sh"), "utf8");

const takeBack = `rm -f /etc/ssh/sshd_config.d/00-convocate-hardening.conf
if systemctl is-active --quiet ssh; then systemctl reload ssh; fi`;

/** sshd does not listen for a moment while it reads its configuration again; a machine that is busy takes longer. */
const reloading: Patience = { total: 30_000, pause: 500 };

async function logInAgain(hypervisor: Hypervisor, { total, pause }: Patience): Promise<void> {
  for (const deadline = Date.now() + total; ; await setTimeout(pause)) {
    try {
      await hypervisor.root({ title: "logging in again", script: "true" });
      return;
    } catch (error) {
      if (Date.now() >= deadline) throw error;
    }
  }
}

/**
 * Hardens the hypervisor's sshd, while a connection stays open that takes it back where a new login does not work any
 * more: nobody is locked out.
 */
export async function harden(hypervisor: Hypervisor, patience = reloading): Promise<void> {
  const held = await hypervisor.connect();
  try {
    await runAsRoot(held, {
      title: "hardening sshd",
      script: "exec bash --norc -s",
      feed: (channel) => Promise.resolve(void channel.end(hardenScript)),
    });
    try {
      await logInAgain(hypervisor, patience);
    } catch (error) {
      await runAsRoot(held, { title: "taking the hardening back", script: takeBack });
      throw new VmRefusal(
        "failed",
        `with sshd hardened, nobody could log in to ${hypervisor.name} any more; it was taken back: ${error instanceof Error ? error.message : String(error)}`,
        "See what `journalctl -u ssh` there says of that login.",
      );
    }
  } finally {
    held.end();
  }
}
