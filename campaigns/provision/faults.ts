import { until } from "../../lab/command.ts";
import type { Lab } from "../../lab/lab.ts";
import type { Random } from "../random.ts";

/** What goes wrong with a host. */
export const faults = ["cut", "power-off", "full-disk", "full-tmp", "no-mirror", "broken-dpkg"] as const;
export type Fault = (typeof faults)[number];

/** What a new agent's host goes through, as `convocate-host` names it, with where it writes and about how long it takes, in ms. */
export const steps = {
  runtime: { place: "/home/admin/.convocate", takes: 1_500 },
  app: { place: "/home/admin/.convocate", takes: 300 },
  install: { place: "/usr/local/lib", takes: 4_000 },
  reboot: { place: "/usr/local/lib", takes: 700 },
  image: { place: "/var/lib/docker/convocate-layers", takes: 3_000 },
  "init-agent": { place: "/var/lib/convocate-provision", takes: 5_000 },
  seal: { place: "/etc/convocate-agent", takes: 500 },
} as const;
export type Step = keyof typeof steps;

/** What can go wrong in a step: apt works in `install` alone, only scripts need /tmp, and nothing is written at a restart. */
export const faultsOf = (step: Step): Fault[] =>
  faults.filter((fault) => {
    if (fault === "no-mirror" || fault === "broken-dpkg") return step === "install";
    if (fault === "full-tmp") return step === "install" || step === "init-agent" || step === "seal";
    return step !== "reboot" || fault !== "full-disk";
  });

const page = 4096;

/** A host's trouble and its end. */
export class Trouble {
  readonly fault: Fault;
  readonly step: Step;
  readonly host: string;
  readonly #lab: Lab;
  /** It began while the step ran; false: the step was over before. */
  struck = false;

  constructor(lab: Lab, host: string, fault: Fault, step: Step) {
    this.#lab = lab;
    this.host = host;
    this.fault = fault;
    this.step = step;
  }

  get name(): string {
    return `${this.fault} in ${this.step}`;
  }

  /** When it begins, in milliseconds after the step has: what the step needs from its beginning is taken away at once. */
  delay(random: Random): number {
    const atOnce = this.fault !== "cut" && this.fault !== "power-off";
    return atOnce ? 0 : random.int(0, steps[this.step].takes);
  }

  /** Before the run: apt has nothing to do on a host that had its first upgrade. */
  async prepare(): Promise<void> {
    if (this.fault === "no-mirror") await this.#run("rm /var/lib/convocate-provision/upgraded");
  }

  async begin(): Promise<void> {
    this.struck = true;
    const { place } = steps[this.step];
    switch (this.fault) {
      case "cut":
        return this.#lab.cut(this.host);
      case "power-off":
        return this.#lab.off(this.host);
      case "full-disk":
        // Where the step writes there is a page, and it is taken: filling this machine's own disk would be too much.
        return this.#run(`user=$(case ${place} in /home/*) echo 1000 ;; *) echo 0 ;; esac)
          [ -d ${place} ] || install -d -o $user -g $user ${place}; mount -t tmpfs -o size=${String(page)},uid=$user,gid=$user tmpfs ${place} && head -c ${String(page)} /dev/zero >${place}/.full`);
      case "full-tmp":
        return this.#run(
          "mount -o remount,size=$(($(du -sk /tmp | cut -f1) + 64))k /tmp && { cat /dev/zero >/tmp/.full 2>/dev/null || true; }",
        );
      case "no-mirror":
        return this.#run(
          "cd /etc/apt && mkdir .away && mv sources.list* .away && echo 'deb http://127.0.0.1:9/debian bookworm main' >sources.list",
        );
      case "broken-dpkg":
        return this.#run("mv /usr/bin/dpkg /usr/bin/dpkg.away && ln -s /bin/false /usr/bin/dpkg");
    }
  }

  /** As an administrator would correct it. */
  async end(): Promise<void> {
    if (!this.struck) return;
    const { place } = steps[this.step];
    if (this.fault === "cut") await this.#lab.heal(this.host);
    if (this.fault === "power-off") await this.#lab.on(this.host);
    if (this.fault === "full-disk") await this.#run(`umount ${place}`);
    if (this.fault === "full-tmp") await this.#run("rm -f /tmp/.full && mount -o remount,size=50% /tmp");
    if (this.fault === "no-mirror")
      await this.#run("cd /etc/apt && rm sources.list && mv .away/* . && rmdir .away");
    if (this.fault === "broken-dpkg") await this.#run("mv -f /usr/bin/dpkg.away /usr/bin/dpkg");
    await until(
      `${this.host} answers`,
      60_000,
      async () => (await this.#lab.ssh(this.host, "true")).code === 0,
    );
  }

  async #run(script: string): Promise<void> {
    const { code, stderr } = await this.#lab.exec(this.host, ["sh", "-c", script]);
    if (code !== 0) throw new Error(`${this.name} on ${this.host}: ${stderr}`);
  }
}
