import { TestFleet } from "../lab/test-fleet.ts";
import { option, type Campaign, type Conditions } from "./campaign.ts";
import { faultsOf, steps, type Step } from "./provision/faults.ts";
import { killSteps, Rounds, type Point, type Round } from "./provision/rounds.ts";

/** Every step with everything that can go wrong in it. */
const all: Point[] = (Object.keys(steps) as Step[]).flatMap((step) =>
  faultsOf(step).map((fault) => ({ step, fault, name: `${fault} in ${step}` })),
);

/** So many new agents join at once. */
const width = 7;

/** What came too late for its step is tried again, sooner each time. */
const attempts = 4;

/** Goes on until every item was reached in its step; what never was is a finding. */
async function reachAll<T extends { name: string }>(
  items: readonly T[],
  round: (items: readonly T[], attempt: number) => Promise<Round<T>>,
): Promise<string[]> {
  const found: string[] = [];
  let left = [...items];
  for (let attempt = 0; left.length > 0 && attempt < attempts; attempt += 1) {
    const missed: T[] = [];
    for (let at = 0; at < left.length; at += width) {
      const ended = await round(left.slice(at, at + width), attempt);
      found.push(...ended.found);
      missed.push(...ended.missed);
    }
    left = missed;
  }
  return [...found, ...left.map(({ name }) => `${name}: never reached`)];
}

async function run(conditions: Conditions): Promise<string[]> {
  const { random, say } = conditions;
  const fleet = new TestFleet("faults");
  try {
    say("bringing up a shell host and an agent");
    await fleet.open(["shell-1", "agent-a"]);
    const rounds = new Rounds(fleet, conditions);
    await rounds.open();
    const kills = random.shuffled(killSteps).slice(0, option(conditions, "kills"));
    const points = random
      .shuffled(all)
      .slice(option(conditions, "from"))
      .slice(0, option(conditions, "points"));
    const found = await reachAll(kills, (steps, attempt) => rounds.kill(steps, attempt));
    found.push(...(await reachAll(points, (some, attempt) => rounds.strike(some, attempt))));
    say(`${String(rounds.points)} points`);
    return found;
  } finally {
    await fleet.close();
  }
}

export const provision: Campaign = {
  name: "provision",
  description: "new agents join a fleet of the lab, and in every step of it something goes wrong",
  options: [
    { name: "kills", description: "in how many of the steps the engine is killed", value: killSteps.length },
    { name: "from", description: "pairs of step and fault that are left out at the beginning", value: 0 },
    { name: "points", description: "how many of the pairs", value: all.length },
  ],
  run,
};
