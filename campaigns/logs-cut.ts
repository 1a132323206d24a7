import { linesOf, writeLines } from "../lab/log-lines.ts";
import { TestFleet } from "../lab/test-fleet.ts";
import { option, type Campaign, type Conditions } from "./campaign.ts";

/** Lines are written in so many portions, evenly over the cut. */
const portions = 20;
const perPortion = 500;
/** After the network is back, TCP may wait for two minutes before it tries again (RFC 6298: its timer doubles). */
const arriveMs = 300_000;

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function cut({ lab }: TestFleet, { options, say, random }: Conditions): Promise<string[]> {
  const seconds = option({ options, say, random }, "seconds");
  const found: string[] = [];
  await lab.cut("agent-a");
  for (let portion = 1; portion <= portions; portion += 1) {
    await writeLines(lab, "agent-a", { label: `portion-${String(portion)}`, count: perPortion });
    await wait((seconds * 1000) / portions);
  }
  await lab.heal("agent-a");
  const healed = Date.now();
  for (let portion = 1; portion <= portions; portion += 1) {
    const label = `portion-${String(portion)}`;
    const look = () => linesOf(lab, "shell-1", "a", label);
    let lines = await look();
    while (lines.length < perPortion && Date.now() - healed < arriveMs) {
      await wait(1000);
      lines = await look();
    }
    const missing = perPortion - new Set(lines).size;
    if (missing > 0) found.push(`${label}: ${String(missing)} lines are missing`);
    if (lines.length > perPortion) say(`${label}: ${String(lines.length - perPortion)} lines came twice`);
  }
  const took = Math.round((Date.now() - healed) / 1000);
  say(`${String(portions * perPortion)} lines, the last ${String(took)} s after the network was back`);
  return found;
}

export const logsCut: Campaign = {
  name: "logs-cut",
  description: "an agent's host is cut off while its agent goes on logging; every line arrives afterwards",
  options: [{ name: "seconds", description: "how long the cut lasts", value: 600 }],
  async run(conditions) {
    const fleet = new TestFleet("logs-cut");
    try {
      conditions.say("provisioning a shell host and an agent host");
      await fleet.open(["shell-1", "agent-a"]);
      await fleet.configure({
        "shell-1": "{ role: shell }",
        "agent-a": "{ role: agent, shell: shell-1, agentId: a }",
      });
      const { code, stdout, stderr } = await fleet.up();
      if (code !== 0) throw new Error(`pulumi up: ${stdout}${stderr}`);
      return await cut(fleet, conditions);
    } finally {
      await fleet.close();
    }
  },
};
