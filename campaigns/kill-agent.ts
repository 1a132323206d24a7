import { buildImage } from "../infra/image/build.ts";
import { ensureBase } from "../lab/base.ts";
import { must, run } from "../lab/command.ts";
import { sessionNetwork } from "../daemons/agent/container-spec.ts";
import type { Campaign, Conditions } from "./campaign.ts";
import { AgentProcess } from "./kill/agent-process.ts";
import { pointOptions, Points, type Victim } from "./kill/points.ts";

const docker = (...args: string[]) => ["docker", ...args];

/** Leaves the machine's engine as it was, whatever happened. */
async function tidyUp(id: string, hadNetwork: boolean): Promise<void> {
  for (const label of [`convocate.agent=${id}`, `convocate.helper=${id}`]) {
    const left = await must(docker("ps", "-aq", "--filter", `label=${label}`));
    if (left !== "") await must(docker("rm", "-f", "-v", ...left.split("\n")));
  }
  // Somebody else may use it by now.
  if (!hadNetwork) await run(docker("network", "rm", sessionNetwork));
}

async function campaign(conditions: Conditions): Promise<string[]> {
  const image = await buildImage(await ensureBase(conditions.say), conditions.say);
  const hadNetwork = (await run(docker("network", "inspect", sessionNetwork))).code === 0;
  const id = `kill-agent-${String(process.pid)}`;
  const socket = "/var/run/docker.sock";
  const agent = await AgentProcess.make({ id, socket, image: image.reference });
  const victim: Victim = {
    agent,
    view: { docker },
    async strike(_random, { look, stop }) {
      const stopped = stop();
      await agent.kill();
      await look();
      await stopped;
      await agent.start();
    },
  };
  try {
    return await new Points(victim, conditions).run();
  } finally {
    await agent.close();
    await tidyUp(id, hadNetwork);
  }
}

export const killAgent: Campaign = {
  name: "kill-agent",
  description: "SIGKILL to the agent at random moments of a workload, against this machine's Docker Engine",
  options: pointOptions,
  run: campaign,
};
