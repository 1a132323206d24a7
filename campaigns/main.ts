/** Long tests, each a command of its own: `npm run campaign -- NAME [--seed N] …`. Exits 1 when one finds something. */
import { Command, InvalidArgumentError } from "commander";
import { adoptOrphans } from "./adopt-orphans.ts";
import { audit } from "./audit.ts";
import type { Campaign } from "./campaign.ts";
import { createVm } from "./create-vm.ts";
import { flood } from "./flood.ts";
import { fuzz } from "./fuzz.ts";
import { keyboard } from "./keyboard.ts";
import { killAgent } from "./kill-agent.ts";
import { killEngine } from "./kill-engine.ts";
import { logsCut } from "./logs-cut.ts";
import { move } from "./move.ts";
import { soak } from "./soak.ts";
import { storm } from "./storm.ts";
import { thisMachine } from "./this-machine.ts";
import { provision } from "./provision.ts";
import { rollOut } from "./roll-out.ts";
import { Random } from "./random.ts";

/** A line each. */
const campaigns: Campaign[] = [
  adoptOrphans,
  killAgent,
  killEngine,
  fuzz,
  flood,
  soak,
  audit,
  createVm,
  keyboard,
  move,
  provision,
  rollOut,
  logsCut,
  storm,
  thisMachine,
];

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("a whole number is wanted");
}

const program = new Command("campaign").description("long tests; what is random in them comes from the seed");

for (const campaign of campaigns) {
  const command = program
    .command(campaign.name)
    .description(campaign.description)
    .option("--seed <n>", "decides everything random", wholeNumber, 1);
  for (const { name, description, value } of campaign.options)
    command.option(`--${name} <n>`, description, wholeNumber, value);
  command.action(async (given: Record<string, number>) => {
    const { seed = 1, ...options } = given;
    const words = Object.entries(options).map(([name, value]) => `--${name} ${String(value)}`);
    const again = `npm run campaign -- ${[campaign.name, `--seed ${String(seed)}`, ...words].join(" ")}`;
    console.log(again);
    const began = performance.now();
    const say = (line: string) => console.log(line);
    const found = await campaign.run({ random: new Random(seed), options, say });
    for (const line of found) console.error(`FOUND: ${line}`);
    const seconds = Math.round((performance.now() - began) / 1000);
    say(`${campaign.name}: ${String(found.length)} findings in ${String(seconds)} s`);
    if (found.length === 0) return;
    console.error(`again: ${again}`);
    process.exitCode = 1;
  });
}

try {
  await program.parseAsync();
} catch (error) {
  program.error(`campaign: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
}
