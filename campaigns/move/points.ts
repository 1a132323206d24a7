import { spawn } from "node:child_process";
import { join } from "node:path";
import type { TestFleet } from "../../lab/test-fleet.ts";
import type { Say } from "../campaign.ts";
import type { Random } from "../random.ts";
import { moveFlipped } from "./flipped-move.ts";
import type { Traveller } from "./traveller.ts";

const program = join(import.meta.dirname, "../../script/convocate-host");

export type Fault =
  | "kill-operator"
  | "kill-source"
  | "kill-target"
  | "kill-agent-source"
  | "kill-agent-target"
  | "cut-source"
  | "cut-target"
  | "crowd-target"
  | "flip";

export interface PointsOptions {
  fleet: TestFleet;
  traveller: Traveller;
  random: Random;
  weights: Partial<Record<Fault, number>>;
  say: Say;
}

interface Running {
  kill: () => void;
  ended: Promise<Ended>;
}

interface Ended {
  code: number | null;
  said: string;
}

/** Milliseconds after which both sides have given a connection up; a shorter cut one that lives may outlast. */
const longCut = 60_000;

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Moves a session between agent-a and agent-b, and lets something go wrong at a random moment of every move. */
export class MovePoints {
  readonly #options: PointsOptions;
  #from = "agent-a";
  #to = "agent-b";
  /** Milliseconds that a move takes undisturbed. */
  #takes = 0;
  readonly #ends: Record<string, number> = {};

  constructor(options: PointsOptions) {
    this.#options = options;
  }

  /** What was found, a line each, at the points `first` to `last`. */
  async run(first: number, last: number): Promise<string[]> {
    const began = performance.now();
    const undisturbed = await this.#start().ended;
    if (undisturbed.code !== 0) return [`an undisturbed move failed: ${undisturbed.said}`];
    this.#takes = performance.now() - began;
    this.#turn();
    const found: string[] = [];
    for (let point = first; point <= last; point += 1) {
      const at = this.#options.random.fork(`point ${String(point)}`);
      found.push(...(await this.#point(at)).map((what) => `point ${String(point)}: ${what}`));
      if (point % 10 === 0)
        this.#options.say(`${String(point)} of ${String(last)} points, ${String(found.length)} findings`);
    }
    const ends = Object.entries(this.#ends).map(([end, n]) => `${end} ${String(n)}`);
    this.#options.say(
      `a move took ${this.#takes.toFixed(0)} ms undisturbed; the disturbed ones: ${ends.join(", ")}`,
    );
    return found;
  }

  #turn(): void {
    [this.#from, this.#to] = [this.#to, this.#from];
  }

  #start(): Running {
    const { fleet, traveller } = this.#options;
    const words = ["migrate-session", "--session", traveller.uuid, "--agent", this.#to, "--from", this.#from];
    const child = spawn(program, [...words, "--stack", fleet.stack], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, said })));
    return { kill: () => void child.kill("SIGKILL"), ended };
  }

  async #point(random: Random): Promise<string[]> {
    const { traveller, weights } = this.#options;
    const fault = random.weighted(weights as Record<Fault, number>);
    const before = await traveller.sum(this.#from);
    const { code, said } = await this.#disturbed(fault, random);
    const end = code === 0 ? "moved all the same" : "broken off";
    this.#ends[`${fault} ${end}`] = (this.#ends[`${fault} ${end}`] ?? 0) + 1;
    const found = code === 0 ? [] : await this.#checkBroken(before, said);
    if (code === 0 && fault === "flip") found.push("a byte changed on its way, and nobody saw it");
    if (code !== 0) {
      const again = await this.#start().ended;
      if (again.code !== 0) return [...found, `${fault}: the second run failed: ${again.said}`];
    }
    found.push(...(await this.#checkMoved(before)));
    this.#turn();
    return found.map((what) => `${fault}: ${what}`);
  }

  /** A move, with what goes wrong in it. */
  async #disturbed(fault: Fault, random: Random): Promise<Ended> {
    if (fault === "flip") return this.#flipped(random);
    const move = this.#start();
    await Promise.race([wait(random.next() * this.#takes), move.ended]);
    return this.#disturb(fault, move, random);
  }

  async #flipped(random: Random): Promise<Ended> {
    const { fleet, traveller } = this.#options;
    const [from, to] = [this.#from, this.#to];
    const isListed = async () => (await traveller.listed())?.["host"] === to;
    const offset = random.int(0, await traveller.bytes(from));
    const end = { fleet, uuid: traveller.uuid, from, to, offset, isListed };
    return moveFlipped(end).then(
      () => ({ code: 0, said: "" }),
      (error: unknown) => ({ code: 1, said: String(error) }),
    );
  }

  async #disturb(fault: Exclude<Fault, "flip">, { kill, ended }: Running, random: Random): Promise<Ended> {
    const { traveller, fleet } = this.#options;
    const host = fault.endsWith("source") ? this.#from : this.#to;
    switch (fault) {
      case "kill-operator":
        kill();
        return ended;
      case "kill-source":
      case "kill-target":
        await traveller.strike(host);
        return ended;
      case "kill-agent-source":
      case "kill-agent-target":
        await traveller.killAgent(host);
        return ended;
      case "cut-source":
      case "cut-target":
        await fleet.lab.cut(host);
        await Promise.race([wait(random.chance(0.4) ? longCut : random.int(500, 5_000)), ended]);
        await fleet.lab.heal(host);
        return ended;
      case "crowd-target":
        await traveller.crowd(host, random.int(0, 8 << 20));
        return ended.finally(() => traveller.uncrowd(host));
    }
  }

  /** A move that failed leaves the source whole; the target has nothing of it, or all. */
  async #checkBroken(before: string, said: string): Promise<string[]> {
    const { traveller } = this.#options;
    const found: string[] = [];
    const [source, target] = [await traveller.settled(this.#from), await traveller.settled(this.#to)];
    const arrived = target.home && target.metadata.join() === "json";
    if (!source.home && !arrived) found.push(`nobody has the session: ${said}`);
    if (source.home && (await traveller.sum(this.#from)) !== before) found.push("the source changed");
    if (arrived && (await traveller.sum(this.#to)) !== before) found.push("what arrived is not what left");
    if (!arrived && (target.home || target.metadata.length > 0))
      found.push(`half a session: ${JSON.stringify(target)}`);
    for (const { leftovers } of [source, target])
      if (leftovers.length > 0) found.push(`left behind: ${leftovers.join(", ")}`);
    return found;
  }

  async #checkMoved(before: string): Promise<string[]> {
    const { traveller } = this.#options;
    const found: string[] = [];
    if ((await traveller.sum(this.#to)) !== before) found.push("moved, and not the same");
    const source = await traveller.settled(this.#from);
    if (source.home || source.leftovers.length > 0)
      found.push(`still at the source: ${JSON.stringify(source)}`);
    const listed = await traveller.listed();
    if (listed?.["host"] !== this.#to)
      found.push(`listed at ${String(listed?.["host"])} and not at ${this.#to}`);
    return found;
  }
}
