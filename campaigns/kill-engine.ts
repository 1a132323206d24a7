import { buildImage } from "../infra/image/build.ts";
import { ensureBase } from "../lab/base.ts";
import type { Campaign, Conditions } from "./campaign.ts";
import { AgentProcess } from "./kill/agent-process.ts";
import { OwnEngine } from "./kill/own-engine.ts";
import { pointOptions, Points, type Victim } from "./kill/points.ts";

/** The engine is away for at most so many milliseconds, and the clients go on for as long after its return. */
const awayMs = 600;

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function withEngine(engine: OwnEngine, image: string, conditions: Conditions): Promise<string[]> {
  const id = `kill-engine-${String(process.pid)}`;
  const agent = await AgentProcess.make({ id, socket: engine.socket, image });
  const victim: Victim = {
    agent,
    view: { docker: (...args) => engine.docker(...args), inhabited: () => engine.inhabited() },
    async strike(random, { look, stop }) {
      await engine.kill();
      await look();
      await wait(random.int(0, awayMs));
      await engine.start();
      await wait(random.int(0, awayMs));
      await stop();
    },
  };
  try {
    return await new Points(victim, conditions).run();
  } finally {
    await agent.close();
  }
}

async function campaign(conditions: Conditions): Promise<string[]> {
  const image = await buildImage(await ensureBase(conditions.say), conditions.say);
  conditions.say("starting an engine of our own");
  const engine = await OwnEngine.make(image.reference);
  return withEngine(engine, image.reference, conditions).finally(() => engine.close());
}

export const killEngine: Campaign = {
  name: "kill-engine",
  description: "SIGKILL to a Docker Engine of our own at random moments of a workload; containers live on",
  options: pointOptions,
  run: campaign,
};
