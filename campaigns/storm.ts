import { join } from "node:path";
import { option, type Campaign, type Conditions } from "./campaign.ts";
import { StormFleet } from "./storm/fleet.ts";
import { StatusProcess } from "./storm/status-process.ts";

/** How long all agents may take to be back, in milliseconds. */
const within = 60_000;

async function run(conditions: Conditions): Promise<string[]> {
  const { random, say } = conditions;
  const size = { agents: option(conditions, "agents"), sessions: option(conditions, "sessions") };
  const daemon = new StatusProcess(join(import.meta.dirname, "../daemons/status/main.ts"));
  const fleet = new StormFleet();
  let changing: NodeJS.Timeout | undefined;
  try {
    await fleet.open(daemon, size, random);
    for (const agent of fleet.agents) agent.dial();
    say(`all told after ${String(Math.round(await fleet.settled(within)))} ms`);
    // Something changes all the time, also while the daemon is away.
    changing = setInterval(() => {
      for (let n = 0; n < size.agents / 10; n += 1) random.pick(fleet.agents).change();
    }, 20);
    for (let round = 0; round < option(conditions, "rounds"); round += 1) {
      await daemon.kill();
      await new Promise((resolve) => setTimeout(resolve, random.int(0, 300)));
      await daemon.start();
      const began = performance.now();
      while (fleet.agents.some(({ connected }) => !connected)) {
        if (performance.now() - began > within) return [`after ${String(within)} ms not all agents are back`];
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      say(`killed; all connected again after ${String(Math.round(performance.now() - began))} ms`);
    }
    clearInterval(changing);
    await fleet.settled(within);
    return [...fleet.found, ...daemon.complaints];
  } finally {
    clearInterval(changing);
    fleet.close();
    await daemon.close();
  }
}

export const storm: Campaign = {
  name: "storm",
  description: "the status daemon is killed under many agents, which all come back at once",
  options: [
    { name: "agents", description: "how many, each on an address of its own", value: 1_000 },
    { name: "sessions", description: "of each agent", value: 50 },
    { name: "rounds", description: "how often the daemon is killed", value: 3 },
  ],
  run,
};
