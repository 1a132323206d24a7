/** The status daemon under many agents: memory, processor time at real heartbeats, and all of them coming back at once. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../campaigns/random.ts";
import { StormFleet } from "../campaigns/storm/fleet.ts";
import { StatusProcess } from "../campaigns/storm/status-process.ts";
import { bundlePrograms, programs } from "../infra/artifacts/bundle.ts";
import { heartbeatEvery } from "../protocol/status.ts";

const sizes = [100, 300, 1_000];
const sessions = 50;
/** Back-off alone may take an agent 30 s. */
const within = 180_000;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const seconds = (ms: number) => (ms / 1000).toFixed(1);

export async function measureStatus(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "convocate-bench-"));
  try {
    await bundlePrograms(join(import.meta.dirname, ".."), folder);
    console.log(
      "| agents × sessions | first connect | RSS, peak | of one core | storm, of it the daemon | peak |",
    );
    console.log("| --- | --- | --- | --- | --- | --- |");
    for (const agents of sizes) console.log(await measure(join(folder, "convocate-status.cjs"), agents));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A row of the table. */
async function measure(program: string, agents: number): Promise<string> {
  const flags = programs.find(({ command }) => command === "convocate-status")?.flags ?? [];
  const daemon = new StatusProcess(program, flags);
  const fleet = new StormFleet();
  try {
    await fleet.open(daemon, { agents, sessions }, new Random(1));
    for (const agent of fleet.agents) agent.dial();
    const first = await fleet.settled(within);
    const share = await busyShare(daemon, fleet);
    const before = await daemon.memory();
    await daemon.kill();
    // A change that nobody was told of: what is right afterwards was told again.
    for (const agent of fleet.agents) agent.change();
    await daemon.start();
    const storm = await fleet.settled(within);
    const used = await daemon.cpu();
    const after = await daemon.memory();
    const wrong = [...fleet.found, ...daemon.complaints];
    if (wrong.length > 0) throw new Error(wrong.slice(0, 5).join("\n"));
    const row = [
      `${String(agents)} × ${String(sessions)}`,
      `${seconds(first)} s`,
      `${before.now.toFixed(0)}, ${before.peak.toFixed(0)} MB`,
      `${(100 * share).toFixed(1)} %`,
      `${seconds(storm)} s, ${used.toFixed(1)} s`,
      `${after.peak.toFixed(0)} MB`,
    ];
    return `| ${row.join(" | ")} |`;
  } finally {
    fleet.close();
    await daemon.close();
  }
}

/** The daemon's share of one core for one interval of heartbeats, while one session of each agent changes. */
async function busyShare(daemon: StatusProcess, fleet: StormFleet): Promise<number> {
  const [cpu, began] = [await daemon.cpu(), performance.now()];
  const every = heartbeatEvery / fleet.agents.length;
  for (const [n, agent] of fleet.agents.entries()) {
    await pause(Math.max(0, began + n * every - performance.now()));
    agent.change();
  }
  await fleet.settled(within);
  return (1_000 * ((await daemon.cpu()) - cpu)) / (performance.now() - began);
}
