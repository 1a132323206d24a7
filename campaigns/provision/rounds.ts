import type { FailureEvent } from "../../infra/cli/events.ts";
import type { TestFleet } from "../../lab/test-fleet.ts";
import type { Conditions } from "../campaign.ts";
import { steps, Trouble, type Fault, type Step } from "./faults.ts";
import { difference, registrations, tracesOn } from "./traces.ts";
import { WatchedUp, type Ended } from "./watched-up.ts";

/** Something that goes wrong with a new agent's host, and in which step. */
export interface Point {
  fault: Fault;
  step: Step;
  name: string;
}

/** A step in which the engine is killed, and about how long it takes, in ms. */
export interface KillStep {
  step: string;
  takes: number;
  name: string;
}

/** What a round came to: findings, a line each, and what came too late for its step. */
export interface Round<T> {
  found: string[];
  missed: T[];
}

/** The steps of a new agent, those at the shell host too. */
export const killSteps: readonly KillStep[] = [
  ...Object.entries(steps).map(([step, { takes }]) => ({ step, takes })),
  { step: "admission", takes: 500 },
  { step: "registration", takes: 500 },
].map((one) => ({ ...one, name: `kill in ${one.step}` }));

const entry = "{ role: agent, shell: shell-1 }";
const old = { "shell-1": "{ role: shell }", "agent-a": entry };
/** It joins with the others, and nothing happens to it. */
const witness = "agent-well";

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A delay in milliseconds, at another attempt. */
const sooner = (delay: number, attempt: number): number => delay / 2 ** attempt;

/** An `up` that hangs for longer is a finding of its own. */
const longest = 600_000;

export class Rounds {
  readonly #fleet: TestFleet;
  readonly #conditions: Conditions;
  /** Faults that came while the step ran. */
  points = 0;

  constructor(fleet: TestFleet, conditions: Conditions) {
    this.#fleet = fleet;
    this.#conditions = conditions;
  }

  async open(): Promise<void> {
    await this.#fleet.configure(old);
    const { code, stdout, stderr } = await this.#fleet.up();
    if (code !== 0) throw new Error(`the fleet did not come up:\n${stdout}${stderr}`);
  }

  /** New agents join at once, and with each something else goes wrong. */
  async strike(points: readonly Point[], attempt: number): Promise<Round<Point>> {
    const troubles = points.map(
      ({ fault, step }, at) => new Trouble(this.#fleet.lab, `agent-${String(at + 1)}`, fault, step),
    );
    const found = await this.#round(
      troubles.map(({ host }) => host),
      async () => {
        const first = await this.#struck(troubles, attempt);
        const judged = this.#judge(first, troubles);
        this.#conditions.say(`  told after ${String(first.seconds)} s`);
        await Promise.all(troubles.map((trouble) => trouble.end()));
        return judged;
      },
    );
    return { found, missed: points.filter((_, at) => troubles[at]?.struck === false) };
  }

  /** A new agent joins, and the engine is killed in one step after the other, until an `up` has nothing new to begin. */
  async kill(steps: readonly KillStep[], attempt: number): Promise<Round<KillStep>> {
    const host = "agent-killed";
    const left = new Map(steps.map((one) => [one.step, one]));
    const found = await this.#round([host], async () => {
      for (;;) {
        const up = new WatchedUp(this.#fleet.stack);
        let struck: KillStep | undefined;
        up.onBegin((where, step) => {
          const one = left.get(step);
          if (where !== host || !one) return;
          const delay = sooner(this.#conditions.random.fork(one.name).int(0, one.takes), attempt);
          setTimeout(() => {
            if (struck || up.isDone(host, step)) return;
            struck = one;
            up.kill();
          }, delay);
        });
        const { code, said } = await this.#inTime(up);
        if (!struck) return code === 0 ? [] : [`the up of ${host} failed: ${said}`];
        left.delete(struck.step);
        this.points += 1;
        this.#conditions.say(`  ${struck.name}`);
      }
    });
    return { found, missed: [...left.values()] };
  }

  async #round(newcomers: readonly string[], trouble: () => Promise<string[]>): Promise<string[]> {
    const start = Date.now();
    const all = [...newcomers, witness];
    await this.#fleet.lab.up(all, "installed");
    await this.#fleet.configure({ ...old, ...Object.fromEntries(all.map((name) => [name, entry])) });
    const found = await trouble();
    found.push(...(await this.#completes(all)));
    found.push(...(await this.#leaves(all)));
    const seconds = Math.round((Date.now() - start) / 1000);
    this.#conditions.say(
      `${String(this.points)} points, ${String(seconds)} s, ${String(found.length)} findings`,
    );
    for (const line of found) this.#conditions.say(`  FOUND ${line.slice(0, 3_000)}`);
    return found;
  }

  async #struck(troubles: readonly Trouble[], attempt: number): Promise<Ended> {
    await Promise.all(troubles.map((trouble) => trouble.prepare()));
    const up = new WatchedUp(this.#fleet.stack);
    const strikes: Promise<void>[] = [];
    for (const trouble of troubles) {
      const delay = sooner(trouble.delay(this.#conditions.random.fork(trouble.name)), attempt);
      const strike = async () => {
        await wait(delay);
        if (!up.isDone(trouble.host, trouble.step)) await trouble.begin();
      };
      up.onBegin((host, step) => {
        if (host === trouble.host && step === trouble.step) strikes.push(strike());
      });
    }
    const ended = await this.#inTime(up);
    await Promise.all(strikes);
    this.points += troubles.filter(({ struck }) => struck).length;
    return ended;
  }

  async #inTime(up: WatchedUp): Promise<Ended> {
    const hung = setTimeout(() => up.kill(), longest);
    const ended = await up.ended;
    clearTimeout(hung);
    return ended;
  }

  /** Who is struck is told with all that helps; who is not finishes. */
  #judge({ code, failures, hosts, said }: Ended, troubles: readonly Trouble[]): string[] {
    if (code === null) return [`the engine hung: ${said.slice(-1_500)}`];
    const found: string[] = [];
    if (hosts.get(witness) !== "changed")
      found.push(`${witness} did not finish, it is ${String(hosts.get(witness))}`);
    for (const trouble of troubles) {
      const { host, name, struck } = trouble;
      const failure = failures.find((one) => one.host === host);
      if (failure) this.#conditions.say(`  ${name}: ${failure.cause} | ${failure.remedy}`);
      if (failure) found.push(...explained(failure).map((line) => `${name}: ${line}`));
      else if (struck && hosts.get(host) !== "changed") found.push(`${name}: nothing was said: ${said}`);
    }
    const names = new Set(troubles.map(({ host }) => host));
    for (const failure of failures)
      if (failure.host === null || !names.has(failure.host))
        found.push(`something else failed: ${JSON.stringify(failure)}`);
    return found;
  }

  /** The next `up` completes, the one after has nothing to do, and every newcomer is like the one that nothing happened to. */
  async #completes(newcomers: readonly string[]): Promise<string[]> {
    const fleet = this.#fleet;
    const found: string[] = [];
    const second = await fleet.up();
    if (second.code !== 0) found.push(`the next up failed: ${second.stdout}${second.stderr}`);
    const third = await fleet.up();
    if (!/Resources:\s+\d+ unchanged\s+Duration/.test(third.stdout))
      found.push(`not finished: ${third.stdout}`);
    if (/warning|pending/i.test(third.stdout + third.stderr))
      found.push(`something is left in the state: ${third.stdout}${third.stderr}`);
    if (second.code !== 0) return found;
    const well = await tracesOn(fleet, witness);
    for (const name of newcomers) {
      const traces = name === witness ? well : await tracesOn(fleet, name);
      found.push(...difference(traces, well).map((line) => `${name}: ${line}`));
      found.push(...(await this.#works(name)));
    }
    const count = Object.keys(old).length - 1 + newcomers.length;
    const there = await registrations(fleet);
    const wanted = { folders: count, keys: count, firewall: count, half: 0, failed: 0 };
    if (JSON.stringify(there) !== JSON.stringify(wanted))
      found.push(`the shell host has ${JSON.stringify(there)}, not ${JSON.stringify(wanted)}`);
    return found;
  }

  async #works(agent: string): Promise<string[]> {
    const made = await this.#fleet.verb("new", "trial", "--agent", agent);
    if (made.code !== 0) return [`no session on ${agent}: ${made.stderr}`];
    for (const words of [
      ["kill", "trial"],
      ["rm", "trial"],
    ]) {
      const { code, stderr } = await this.#fleet.verb(...words);
      if (code !== 0) return [`${words.join(" ")} on ${agent}: ${stderr}`];
    }
    return [];
  }

  async #leaves(newcomers: readonly string[]): Promise<string[]> {
    await this.#fleet.configure(old);
    const { code, stdout, stderr } = await this.#fleet.up();
    await this.#fleet.lab.down(newcomers);
    return code === 0 ? [] : [`they could not be taken out again: ${stdout}${stderr}`];
  }
}

/** Who reads the error must know host, step, cause and remedy, and where a script ran there, the end of its log. */
function explained({ step, cause, remedy, log }: FailureEvent): string[] {
  const found: string[] = [];
  if (step === null) found.push("the step is not named");
  if (cause === "" || /==>|its log is empty|no reason was given/.test(cause))
    found.push(`this is no cause: ${cause}`);
  if (/^Correct the cause/.test(remedy)) found.push(`no remedy of its own: ${cause}`);
  if (/ failed: /.test(cause) && log.length === 0) found.push(`without the end of the log: ${cause}`);
  return found;
}
