import { spawn, type ChildProcess } from "node:child_process";
import { until } from "../../lab/command.ts";
import type { TestFleet } from "../../lab/test-fleet.ts";
import type { Conditions } from "../campaign.ts";
import type { Random } from "../random.ts";

/** What goes wrong, and where: at the machine that runs the engine, or at the new host. */
type Fault = "kill-engine" | "cut" | "power-off" | "break-apt" | "fill-disk";

/** The steps in which it goes wrong, as the engine names the new agent's resources, and where each writes on the host. */
const places = {
  runtime: "/usr/local/lib",
  app: "/usr/local/lib",
  install: "/usr/local/lib",
  image: "/var/lib/docker/convocate-layers",
  "init-agent": "/var/lib/convocate-provision",
  registration: "/var/lib/convocate-provision",
} as const;
type Step = keyof typeof places;
const steps = Object.keys(places) as Step[];

const entry = "{ role: agent, shell: shell-1 }";
const old = { "shell-1": "{ role: shell }", "agent-a": entry };
const newcomer = "agent-b";

interface Ended {
  code: number | null;
  said: string;
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** An agent joins a fleet again and again, each time on a new host, and something else goes wrong. */
export class ProvisionPoints {
  readonly #fleet: TestFleet;
  readonly #conditions: Conditions;
  readonly #ends: string[] = [];

  constructor(fleet: TestFleet, conditions: Conditions) {
    this.#fleet = fleet;
    this.#conditions = conditions;
  }

  async open(): Promise<void> {
    await this.#fleet.configure(old);
    const { code, stdout, stderr } = await this.#fleet.up();
    if (code !== 0) throw new Error(`the fleet did not come up:\n${stdout}${stderr}`);
  }

  /** What was found, a line each. */
  async run(count: number): Promise<string[]> {
    const { random, say } = this.#conditions;
    const found: string[] = [];
    for (let point = 1; point <= count; point += 1) {
      const what = await this.#point(random.fork(`point ${String(point)}`));
      found.push(...what.map((line) => `point ${String(point)}: ${line}`));
      say(`point ${String(point)}: ${this.#ends.at(-1) ?? ""}, ${String(found.length)} findings`);
    }
    return found;
  }

  async #point(random: Random): Promise<string[]> {
    const fleet = this.#fleet;
    await fleet.lab.up([newcomer], "warm");
    await fleet.configure({ ...old, [newcomer]: entry });
    const step = random.pick(steps);
    const fault = random.pick<Fault>(["kill-engine", "cut", "power-off", "break-apt", "fill-disk"]);
    const first = await this.#upWith(fault, step, random);
    await this.#mend(fault, step);
    const name = `${fault} in ${step}`;
    this.#ends.push(`${name}: ${first.code === 0 ? "did not matter" : "broken off"}`);
    const found = first.code === 0 || fault === "kill-engine" ? [] : explained(first.said);
    const second = await fleet.up();
    if (second.code !== 0) found.push(`the next up failed: ${second.stdout}${second.stderr}`);
    const third = await fleet.up();
    if (!/Resources:\s+\d+ unchanged\s+Duration/.test(third.stdout))
      found.push(`not finished: ${third.stdout}`);
    found.push(...(await this.#works()));
    await fleet.configure(old);
    const removed = await fleet.up();
    if (removed.code !== 0) found.push(`it could not be taken out again: ${removed.stdout}${removed.stderr}`);
    await fleet.lab.down([newcomer]);
    return found.map((line) => `${name}: ${line}`);
  }

  /** An `up` in which it goes wrong a moment after the new agent's `step` began. */
  async #upWith(fault: Fault, step: Step, random: Random): Promise<Ended> {
    const [command = "", ...args] = this.#fleet.upCommand;
    // A group of its own: the engine and everything that it started end at once.
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, said })));
    const begun = until(`${step} begins`, 300_000, () =>
      Promise.resolve(new RegExp(`${newcomer}-${step} creating`).test(said)),
    );
    await Promise.race([begun, ended]);
    await Promise.race([wait(random.int(0, 2_000)), ended]);
    await this.#strike(fault, step, child);
    return ended;
  }

  async #strike(fault: Fault, step: Step, engine: ChildProcess): Promise<void> {
    const { lab } = this.#fleet;
    const place = places[step];
    switch (fault) {
      case "kill-engine":
        if (engine.pid !== undefined && engine.exitCode === null) process.kill(-engine.pid, "SIGKILL");
        return;
      case "cut":
        return lab.cut(newcomer);
      case "power-off":
        return lab.off(newcomer);
      case "break-apt":
        await this.#onNewcomer("mv /usr/bin/dpkg /usr/bin/dpkg.away && ln -s /bin/false /usr/bin/dpkg");
        return;
      case "fill-disk":
        // Where the step writes there are 64 KiB and no more: filling this machine's own disk would be too much.
        await this.#onNewcomer(`mkdir -p ${place} && mount -t tmpfs -o size=64k tmpfs ${place}`);
        return;
    }
  }

  async #onNewcomer(script: string): Promise<void> {
    await this.#fleet.lab.exec(newcomer, ["sh", "-c", script]);
  }

  async #mend(fault: Fault, step: Step): Promise<void> {
    const { lab } = this.#fleet;
    if (fault === "cut") await lab.heal(newcomer);
    if (fault === "power-off") await lab.on(newcomer);
    if (fault === "break-apt") await this.#onNewcomer("mv -f /usr/bin/dpkg.away /usr/bin/dpkg");
    if (fault === "fill-disk") await this.#onNewcomer(`umount ${places[step]}`);
    await until("the host answers", 60_000, async () => (await lab.ssh(newcomer, "true")).code === 0);
  }

  /** The new agent is a member like any other, and the old one never stopped being one. */
  async #works(): Promise<string[]> {
    const { fleet, name } = { fleet: this.#fleet, name: "trial" };
    const found: string[] = [];
    for (const agent of ["agent-a", newcomer]) {
      for (const words of [
        ["new", name, "--agent", agent],
        ["restart", name],
        ["kill", name],
        ["rm", name],
      ]) {
        const { code, stderr } = await fleet.verb(...words);
        if (code !== 0) found.push(`${words.join(" ")} on ${agent}: ${stderr}`);
      }
    }
    return found;
  }
}

/** Who reads the error must know the host, and the step or the connection that failed. */
function explained(said: string): string[] {
  const named = said.includes(newcomer);
  const why =
    /step ".+" of .+ failed on|dial|connection|timed? ?out|i\/o timeout|unexpected|EOF|read-only|lost/i.test(
      said,
    );
  return named && why ? [] : [`the error does not explain itself: ${said.slice(-1_500)}`];
}
