import { join } from "node:path";
import { z } from "zod";
import type { PlainClient } from "../../daemons/agent/client.fake.ts";
import { session as sessionSchema } from "../../protocol/session.ts";
import type { Random } from "../random.ts";
import type { AgentProcess } from "./agent-process.ts";
import { contentOf, fillHome, type Content } from "./home.ts";
import type { Address, Asked, Call, Expected, Kind, Model, Outcome } from "./model.ts";
import type { Durations } from "./moment.ts";
import { classify, type Answer } from "./outcome.ts";

export interface WorkloadOptions {
  agent: AgentProcess;
  model: Model;
  /** What a new home holds. */
  fresh: Content;
  /** Called when an operation was sent. */
  onSent: (kind: Kind) => void;
  /** Something that must not happen. */
  onFinding: (finding: string) => void;
  /** Called with the code of every answer, or with `ok`. */
  count: (word: string) => void;
  durations: Durations;
}

/** An operation without an answer by then hangs: the longest asks programs to end, with 10 s of grace. */
const answerMs = 60_000;
/** Beyond that, more are deleted than made. */
const enough = 12;
const enoughRunning = 5;

const empty: Address = { name: "", port: 0, protocol: "tcp", dns_name: "" };

/** Does one operation after the other over a connection of its own, until it is told to stop. */
export class Worker {
  readonly #options: WorkloadOptions;
  readonly #random: Random;
  readonly #name: string;
  #made = 0;
  #stopped = false;

  /** `name` is part of the names of the sessions it makes, and is never used twice. */
  constructor(name: string, random: Random, options: WorkloadOptions) {
    this.#name = name;
    this.#random = random;
    this.#options = options;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Resolves when what was under way is answered, or will not be. */
  async run(): Promise<void> {
    const client = await this.#options.agent.connect();
    try {
      while (!this.#stopped) {
        const outcome = await this.#step(client);
        // While there is no engine answers come at once: they would fill the log and show nothing new.
        if (outcome === "unknown" && !this.#stopped) await new Promise((resolve) => setTimeout(resolve, 50));
      }
    } finally {
      client.close();
    }
  }

  #step(client: PlainClient): Promise<Outcome> {
    const { model } = this.#options;
    const idle = model.idle();
    const all = model.known();
    const running = all.filter(({ running }) => running !== "no").length;
    const can = (sessions: Expected[], weight: number) => (sessions.length > 0 ? weight : 0);
    const stopped = idle.filter((session) => session.running !== "yes");
    const started = idle.filter((session) => session.running !== "no");
    const room = all.length + model.asked.size < enough;
    const kind = this.#random.weighted<Kind>({
      create: room ? 3 : 0.2,
      clone: can(all, room ? 3 : 0.2),
      restart: can(stopped, running < enoughRunning ? 4 : 0.2),
      kill: can(started, running < enoughRunning ? 1 : 4),
      edit: can(idle, 2),
      delete: can(idle, room ? 1 : 5),
    });
    switch (kind) {
      case "create":
        return this.#create(client);
      case "clone":
        // What runs is refused: mostly one that does not.
        return this.#clone(
          client,
          this.#random.pick(stopped.length > 0 && this.#random.chance(0.9) ? stopped : all),
        );
      case "restart":
        return this.#power(client, kind, this.#random.pick(stopped));
      case "kill":
        return this.#power(client, kind, this.#random.pick(started));
      case "edit":
        return this.#edit(client, this.#random.pick(idle));
      case "delete":
        return this.#delete(client, this.#random.pick(idle));
    }
  }

  #newName(): string {
    return `${this.#name}-${String((this.#made += 1))}`;
  }

  #address(): Address {
    const name = this.#newName();
    return {
      name,
      port: this.#random.chance(0.25) ? this.#random.int(20_000, 29_999) : 0,
      protocol: this.#random.pick(["tcp", "udp"]),
      dns_name: this.#random.chance(0.5) ? `${name}.example` : "",
    };
  }

  async #create(client: PlainClient): Promise<Outcome> {
    const labels = { made: this.#name };
    const address = this.#address();
    const asked: Asked = { kind: "create", address, labels, content: this.#options.fresh };
    return this.#make(client, null, asked, { ...address, labels });
  }

  async #clone(client: PlainClient, source: Expected): Promise<Outcome> {
    const { address, labels, content } = source;
    const copy: Address = { ...empty, name: this.#newName(), protocol: address.protocol };
    const asked: Asked = { kind: "clone", address: copy, labels, content };
    const params = { source_id: source.uuid, name: copy.name };
    return this.#make(client, source, asked, params);
  }

  async #make(client: PlainClient, source: Expected | null, asked: Asked, params: object): Promise<Outcome> {
    const { agent, model, onFinding } = this.#options;
    model.ask(asked);
    const { outcome, result } = await this.#call(client, asked.kind, source, params);
    if (outcome === "refused") model.withdraw(asked.address.name);
    if (outcome !== "ok") return outcome;
    const told = sessionSchema.safeParse(result).data;
    if (!told) {
      onFinding(`${asked.kind} answered ${JSON.stringify(result)}`);
      return "unknown";
    }
    // Nobody else knows it yet: nothing is done to it meanwhile.
    const content = asked.kind === "create" ? await fill(agent, told.uuid, this.#random) : asked.content;
    model.add({ ...asked, content }, told);
    return "ok";
  }

  async #power(client: PlainClient, kind: "restart" | "kill", session: Expected): Promise<Outcome> {
    const { outcome } = await this.#call(client, kind, session, { id: session.uuid });
    this.#options.model.power(session, kind === "restart" ? "yes" : "no", outcome);
    return outcome;
  }

  async #edit(client: PlainClient, session: Expected): Promise<Outcome> {
    const to = this.#address();
    session.editing = to;
    const { outcome } = await this.#call(client, "edit", session, { id: session.uuid, ...to });
    this.#options.model.edit(session, to, outcome);
    return outcome;
  }

  async #delete(client: PlainClient, session: Expected): Promise<Outcome> {
    const { outcome } = await this.#call(client, "delete", session, { id: session.uuid });
    this.#options.model.delete(session, outcome);
    return outcome;
  }

  async #call(
    client: PlainClient,
    kind: Kind,
    session: Expected | null,
    params: object,
  ): Promise<{ outcome: Outcome; result: unknown }> {
    const { model, onSent, onFinding, count, durations } = this.#options;
    const call: Call = model.begin(kind, session);
    const began = performance.now();
    const sent = ask(client, kind, params);
    onSent(kind);
    const answer = await sent;
    model.end(call);
    const { outcome, finding } = classify(call, answer, this.#stopped);
    count(answer.code ?? outcome);
    if (answer.ok) durations.took(kind, performance.now() - began);
    if (finding) onFinding(finding);
    return { outcome, result: answer.result };
  }
}

const response = z.object({
  ok: z.boolean(),
  result: z.unknown().optional(),
  error: z.string().optional(),
  code: z.string().optional(),
});

/** Never throws: a lost connection is no answer. */
async function ask(client: PlainClient, op: Kind, params: object): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Answer>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, code: "hangs", error: "no answer in 60 s" }), answerMs);
  });
  const answered = client.call(op, params).then(
    (text): Answer => response.parse(text),
    (): Answer => ({ ok: false, code: "lost", error: "the connection was lost" }),
  );
  return Promise.race([answered, late]).finally(() => clearTimeout(timer));
}

/** Fills the home of a session that was just made; returns what is in it then. */
export async function fill(agent: AgentProcess, uuid: string, random: Random): Promise<Content> {
  const home = join(agent.homes, uuid);
  await fillHome(home, random);
  return contentOf(home);
}
