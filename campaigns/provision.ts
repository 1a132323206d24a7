import { TestFleet } from "../lab/test-fleet.ts";
import { option, type Campaign, type Conditions } from "./campaign.ts";
import { ProvisionPoints } from "./provision/points.ts";

async function run(conditions: Conditions): Promise<string[]> {
  const fleet = new TestFleet("provision");
  try {
    conditions.say("bringing up a shell host and an agent");
    await fleet.open(["shell-1", "agent-a"]);
    const points = new ProvisionPoints(fleet, conditions);
    await points.open();
    return await points.run(option(conditions, "points"));
  } finally {
    await fleet.close();
  }
}

export const provision: Campaign = {
  name: "provision",
  description:
    "a new agent joins a fleet of the lab, and something goes wrong in a random step of its provisioning",
  options: [{ name: "points", description: "how many agents", value: 20 }],
  run,
};
