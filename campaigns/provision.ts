import { TestFleet } from "../lab/test-fleet.ts";
import { option, type Campaign, type Conditions } from "./campaign.ts";
import { faultsOf, steps, type Step } from "./provision/faults.ts";
import { Rounds, type Point } from "./provision/rounds.ts";

/** Every step with everything that can go wrong in it. */
const all: Point[] = (Object.keys(steps) as Step[]).flatMap((step) =>
  faultsOf(step).map((fault) => ({ step, fault })),
);

/** So many new agents join at once. */
const width = 7;

async function run(conditions: Conditions): Promise<string[]> {
  const { random, say } = conditions;
  const fleet = new TestFleet("faults");
  try {
    say("bringing up a shell host and an agent");
    await fleet.open(["shell-1", "agent-a"]);
    const rounds = new Rounds(fleet, conditions);
    await rounds.open();
    const found = await rounds.kill();
    const left = [...all];
    for (let count = Math.min(option(conditions, "points"), all.length); count > 0; count -= width) {
      const points: Point[] = [];
      while (points.length < Math.min(width, count)) {
        const point = random.pick(left);
        left.splice(left.indexOf(point), 1);
        points.push(point);
      }
      found.push(...(await rounds.strike(points)));
    }
    say(`${String(rounds.points)} points`);
    return found;
  } finally {
    await fleet.close();
  }
}

export const provision: Campaign = {
  name: "provision",
  description: "new agents join a fleet of the lab, and in every step of it something goes wrong",
  options: [{ name: "points", description: "how many of the pairs of step and fault", value: all.length }],
  run,
};
