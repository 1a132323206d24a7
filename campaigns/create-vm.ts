import { TestFleet } from "../lab/test-fleet.ts";
import type { Campaign, Conditions } from "./campaign.ts";
import { MachineStory } from "./create-vm/story.ts";

async function run({ random, options, say }: Conditions): Promise<string[]> {
  const fleet = new TestFleet("create-vm");
  const story = new MachineStory(fleet, say);
  try {
    await story.open();
    await story.make(options["kills"] === 0 ? null : random);
    await story.findAgain();
    await story.look();
    await story.joinFleet();
    await story.runSession();
    await story.destroy();
    return story.found;
  } finally {
    await story.close();
  }
}

export const createVm: Campaign = {
  name: "create-vm",
  description:
    "a lab host becomes a hypervisor and makes a machine, which joins the fleet and runs a session",
  options: [
    { name: "kills", description: "1: the command is killed in every step of it, and run again", value: 1 },
  ],
  run,
};
