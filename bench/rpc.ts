/**
 * The first three rows of spec "Performance": ping, list and get, at three sizes. Everything is told as a ratio to
 * something measured in the same run, round by round in turn.
 */
import { startAgent, type Place } from "./agents.ts";
import { BenchClient } from "./client.ts";
import { timeInspect } from "./inspect.ts";
import { ratio, Samples } from "./samples.ts";

const sizes = [10, 100, 1000];
const warmUp = 100;
const rounds = 1000;
/** No more rounds are begun after so many milliseconds. */
const enough = 30_000;

/** What is measured on one agent. */
class Subject {
  readonly sessions: number;
  readonly ping = new Samples();
  readonly fresh = new Samples();
  readonly list = new Samples();
  readonly get = new Samples();
  /** The client's own part of `list`: from bytes to objects. */
  readonly parse = new Samples();
  listed = Buffer.alloc(0);
  readonly #client: BenchClient;
  readonly #place: Place;

  constructor(sessions: number, place: Place, client: BenchClient) {
    this.sessions = sessions;
    this.#place = place;
    this.#client = client;
  }

  async warmUp(): Promise<void> {
    for (let n = 0; n < warmUp; n++) {
      await this.#client.kept("ping");
      await this.#client.fresh("ping");
      await this.#client.kept("get", { id: this.#place.uuid });
      await this.#client.kept("list");
    }
    this.listed = Buffer.from(this.#client.last);
  }

  /** One of each. */
  get tasks(): (() => Promise<void>)[] {
    return [
      () => this.ping.time(() => this.#client.kept("ping")),
      () => this.fresh.time(() => this.#client.fresh("ping")),
      () => this.get.time(() => this.#client.kept("get", { id: this.#place.uuid })),
      () => this.list.time(() => this.#client.kept("list")),
      () => this.parse.time(() => JSON.parse(this.listed.toString()) as unknown),
    ];
  }
}

/** How many pings, one after the other, tell what one takes when nothing else is asked. */
const alone = 2000;

/** A new order every round: what comes first after another process ran pays for cold caches. */
function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((value) => ({ value, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}

function report(subjects: Subject[]): void {
  const rows = subjects.map((subject, n) => {
    const { sessions, ping, fresh, list, get, parse, listed } = subject;
    const before = subjects[n - 1];
    const growth = (of: (s: Subject) => Samples) =>
      before ? (of(subject).p50 / of(before).p50).toFixed(2) : "-";
    return {
      sessions,
      "new channel / ping": ratio(fresh, ping),
      "get / ping": ratio(get, ping),
      "list / ping": ratio(list, ping),
      "of that the client's parsing": ratio(parse, ping),
      "list, KiB": Math.round(listed.length / 1024),
      "ping grew": growth((s) => s.ping),
      "get grew": growth((s) => s.get),
      "list grew": growth((s) => s.list),
    };
  });
  console.log(
    "Ratios of medians, p99 in brackets; `ping` is one on the kept-open channel; `grew`: from the size above.",
  );
  console.table(rows);
}

async function reportInspect(subjects: Subject[]): Promise<void> {
  const inspect = await timeInspect(5, 6);
  if (typeof inspect === "string") {
    console.log(`docker inspect per session, as v2's list does it: left out, ${inspect}.`);
    return;
  }
  for (const { sessions, list, ping } of subjects)
    console.log(
      `${String(sessions)} sessions: a docker inspect for each would take ${((inspect.p50 * sessions) / list.p50).toFixed(0)} ` +
        `times as long as list does (one: ${(inspect.p50 / ping.p50).toFixed(0)} x ping).`,
    );
}

/** Prints the rows. */
export async function measureRpc(): Promise<void> {
  const began = performance.now();
  const agents = await Promise.all(sizes.map(startAgent));
  try {
    const clients = await Promise.all(agents.map((agent) => BenchClient.connect(agent)));
    const subjects = sizes.flatMap((size, n) => {
      const [agent, client] = [agents[n], clients[n]];
      return agent && client ? [new Subject(size, agent, client)] : [];
    });
    for (const subject of subjects) await subject.warmUp();
    const end = performance.now() + enough;
    const tasks = subjects.flatMap((subject) => subject.tasks);
    for (let n = 0; n < rounds && performance.now() < end; n++)
      for (const task of shuffled(tasks)) await task();
    report(subjects);
    await reportInspect(subjects);
    const quick = new Samples();
    for (let n = 0; n < alone; n++) await quick.time(() => clients[0]?.kept("ping"));
    for (const client of clients) client.close();
    const [first] = subjects;
    console.log(
      `${String(first?.ping.count)} rounds in ${((performance.now() - began) / 1000).toFixed(0)} s; ` +
        `ping here: ${first?.ping.p50.toFixed(2) ?? "?"} ms, p99 ${first?.ping.p99.toFixed(2) ?? "?"} ms; ` +
        `one after the other: ${quick.p50.toFixed(2)} ms, p99 ${quick.p99.toFixed(2)} ms.`,
    );
  } finally {
    await Promise.all(agents.map((agent) => agent.close()));
  }
}
