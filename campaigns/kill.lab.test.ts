/** A short run of both campaigns of kills; `npm run campaign -- kill-agent` and `kill-engine` are the long ones. */
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { must } from "../lab/command.ts";
import type { Campaign } from "./campaign.ts";
import { killAgent } from "./kill-agent.ts";
import { killEngine } from "./kill-engine.ts";
import { Random } from "./random.ts";

jest.setTimeout(300_000);

async function short(campaign: Campaign, points: number): Promise<{ found: string[]; said: string }> {
  const said: string[] = [];
  const found = await campaign.run({
    random: new Random(4),
    options: { points, first: 1 },
    say: (line) => said.push(line),
  });
  return { found, said: said.join("\n") };
}

const folders = () => readdirSync(tmpdir()).filter((name) => /^convocate-kill-/.test(name));

test("the agent is killed in the middle of operations: nothing is lost, half made or left over", async () => {
  const before = folders();
  const { found, said } = await short(killAgent, 6);
  expect(found).toEqual([]);
  expect(said).toMatch(/6 points, with under way: .*\d/);
  const label = `label=convocate.agent=kill-agent-${String(process.pid)}`;
  expect(await must(["docker", "ps", "-aq", "--filter", label])).toBe("");
  expect(folders()).toEqual(before);
});

test("an engine is killed in the middle of operations: sessions run on, and nothing is lost or left over", async () => {
  const before = folders();
  const { found, said } = await short(killEngine, 4);
  expect(found).toEqual([]);
  expect(said).toMatch(/4 points, with under way: .*\d/);
  expect(folders()).toEqual(before);
});
