import type { PlainClient } from "../../daemons/agent/client.fake.ts";
import { option, type Conditions } from "../campaign.ts";
import type { Random } from "../random.ts";
import type { AgentProcess } from "./agent-process.ts";
import { check, settle } from "./check.ts";
import { Figures } from "./figures.ts";
import { contentOf, writeSkeleton, type Content } from "./home.ts";
import { Model, type Asked, type Expected } from "./model.ts";
import { Durations, Moment } from "./moment.ts";
import { halfDone, observe, type EngineView } from "./observation.ts";
import { fill, Worker, type WorkloadOptions } from "./workload.ts";

/** Clients at work at the same time. */
const clients = 4;
/** Everything is as it should be so many milliseconds after what was killed is back. */
const healedMs = 20_000;
/** Then it goes on for nothing. */
const enoughFindings = 20;

/** What is killed at every point. */
export interface Victim {
  agent: AgentProcess;
  view: EngineView;
  /** Kills it, and brings it back; resolves when it is back and the clients have stopped. */
  strike(random: Random, hands: Hands): Promise<void>;
}

/** What the victim does at its own time. */
export interface Hands {
  /** Makes the clients end after what they are at. */
  stop: () => Promise<void>;
  /** Counts what is half done on disk: best right after the strike. */
  look: () => Promise<void>;
}

/** Works, kills at seeded moments, and checks after each of them that nothing was lost. */
export class Points {
  readonly #victim: Victim;
  readonly #conditions: Conditions;
  readonly #model = new Model();
  readonly #durations = new Durations();
  readonly #figures = new Figures();
  readonly #findings = new Set<string>();
  #fresh: Content = new Map();
  #point = 0;

  constructor(victim: Victim, conditions: Conditions) {
    this.#victim = victim;
    this.#conditions = conditions;
  }

  /** Returns what was found. Asked to end (Ctrl-C), it does so after the point under way, and leaves nothing behind. */
  async run(): Promise<string[]> {
    const interrupted = new AbortController();
    const interrupt = () => interrupted.abort();
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, interrupt);
    return this.#run(interrupted.signal).finally(() => {
      for (const signal of ["SIGINT", "SIGTERM"]) process.off(signal, interrupt);
    });
  }

  async #run(interrupted: AbortSignal): Promise<string[]> {
    const { random, say } = this.#conditions;
    const [first, count] = [option(this.#conditions, "first"), option(this.#conditions, "points")];
    await writeSkeleton(this.#victim.agent.homes, random.fork("skeleton"));
    await this.#victim.agent.start();
    await this.#learnFresh();
    const began = performance.now();
    for (this.#point = first; this.#point < first + count; this.#point++) {
      await this.#strike(random.fork(`point ${String(this.#point)}`));
      if (this.#findings.size >= enoughFindings || interrupted.aborted) break;
      const done = this.#point - first + 1;
      const seconds = Math.round((performance.now() - began) / 1000);
      if (done % 10 === 0)
        say(
          `${String(done)} of ${String(count)} points, ${String(seconds)} s, ${String(this.#findings.size)} findings`,
        );
    }
    await this.#removeAll();
    for (const line of this.#figures.lines()) say(line);
    return [...this.#findings];
  }

  #find(what: string): void {
    const at = `point ${String(this.#point)}: ${what}`;
    if (this.#known(what)) return;
    this.#findings.add(at);
    const points = String(this.#point - option(this.#conditions, "first") + 1);
    this.#conditions.say(`FOUND at ${at} (reached again by the same command with --points ${points})`);
    this.#conditions.say(this.#victim.agent.said(30));
  }

  /** Told at an earlier point: what is left over stays so. */
  #known(what: string): boolean {
    return [...this.#findings].some((finding) => finding.endsWith(`: ${what}`));
  }

  /** What a new home holds that nothing happened to. */
  async #learnFresh(): Promise<void> {
    const { agent } = this.#victim;
    await this.#asking(async (client) => {
      const { uuid } = await client.result("create", { name: "first" });
      this.#fresh = contentOf(`${agent.homes}/${String(uuid)}`);
      await client.result("delete", { id: uuid });
    });
    if (this.#fresh.size < 40)
      throw new Error(`a new home lacks its skeleton: ${[...this.#fresh.keys()].join(" ")}`);
  }

  async #strike(random: Random): Promise<void> {
    const moment = new Moment(random.fork("moment"), this.#durations);
    const options: WorkloadOptions = {
      agent: this.#victim.agent,
      model: this.#model,
      fresh: this.#fresh,
      durations: this.#durations,
      onSent: (kind) => moment.sent(kind),
      onFinding: (finding) => this.#find(finding),
      count: (word) => this.#figures.answered(word),
    };
    const workers = Array.from({ length: clients }, (_, n) => {
      const name = `p${String(this.#point)}-${String(n)}`;
      return new Worker(name, random.fork(name), options);
    });
    const working = Promise.all(workers.map((worker) => worker.run()));
    await Promise.race([moment.reached, working]);
    this.#figures.struck([...this.#model.calls].map(({ kind }) => kind));
    await this.#victim.strike(random.fork("strike"), {
      look: async () => this.#figures.left(await halfDone(this.#victim.agent)),
      stop: async () => {
        for (const worker of workers) worker.stop();
        await working;
      },
    });
    await this.#heal();
  }

  /** Waits until everything is as it should be, or tells what is not. */
  async #heal(): Promise<void> {
    const began = performance.now();
    await this.#asking(async (client) => {
      for (;;) {
        const seen = await observe(this.#victim.agent, client, this.#victim.view);
        const wrong = check(this.#model, seen).filter((line) => !this.#known(line));
        const took = performance.now() - began;
        if (wrong.length > 0 && took < healedMs) {
          await new Promise((resolve) => setTimeout(resolve, 50));
          continue;
        }
        for (const line of wrong) this.#find(line);
        if (wrong.length === 0) this.#figures.healed(took);
        for (const { kind, session } of settle(this.#model, seen)) await this.#tryOut(client, kind, session);
        return;
      }
    });
  }

  /** A session that turned up without an answer can be used like any other. */
  async #tryOut(client: PlainClient, kind: Asked["kind"], session: Expected): Promise<void> {
    this.#figures.turnedUp();
    const { agent } = this.#victim;
    const random = this.#conditions.random.fork(session.address.name);
    if (kind === "create") session.content = await fill(agent, session.uuid, random);
    const { ok, code, error } = await client.call("restart", { id: session.uuid });
    if (ok) session.running = "yes";
    else if (code !== "admission_denied")
      this.#find(`session ${session.address.name}: turned up and does not start: ${String(error)}`);
  }

  async #removeAll(): Promise<void> {
    await this.#asking(async (client) => {
      for (const { uuid } of this.#model.known()) await client.call("delete", { id: uuid });
      const seen = await observe(this.#victim.agent, client, this.#victim.view);
      const { listed, containers, homes, metadata } = seen;
      const left = listed.length + containers.length + homes.length + metadata.length;
      if (left > 0)
        this.#find(`after everything was deleted: ${JSON.stringify({ containers, homes, metadata })}`);
    });
  }

  async #asking(work: (client: PlainClient) => Promise<void>): Promise<void> {
    const client = await this.#victim.agent.connect();
    await work(client).finally(() => client.close());
  }
}

/** Options of both campaigns. */
export const pointOptions = [
  { name: "points", description: "how often to kill", value: 200 },
  {
    name: "first",
    description: "the first point: others are left out, and what they would have made",
    value: 1,
  },
];
