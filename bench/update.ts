/** What a release and one agent more cost in fleets of the lab of several sizes: real hosts, real sessions on none of them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Release } from "../lab/release.ts";
import { TestFleet } from "../lab/test-fleet.ts";

/** Agents of the fleet when a release comes. */
const sizes = [1, 4, 8];

const agentAt = (number: number): string => `agent-${String(number)}`;

class UpdateBench {
  readonly #fleet = new TestFleet("update-bench");
  readonly #release = new Release();
  #agents = 0;

  async open(): Promise<void> {
    await this.#fleet.open(["shell-1"]);
    const all = Array.from({ length: Math.max(...sizes) }, (_, i) => agentAt(i + 1));
    await this.#fleet.lab.up(all, "installed");
  }

  async close(): Promise<void> {
    this.#release.restore();
    await this.#fleet.close();
  }

  async #timed(
    work: () => Promise<{ code: number | null; stdout: string; stderr: string }>,
  ): Promise<number> {
    const began = performance.now();
    const { code, stdout, stderr } = await work();
    if (code !== 0) throw new Error(`the fleet did not come up:\n${stdout}${stderr}`);
    return performance.now() - began;
  }

  /** Milliseconds of the `up` by which the fleet has so many agents. */
  async grow(agents: number): Promise<number> {
    this.#agents = agents;
    const hosts: Record<string, string> = { "shell-1": "{ role: shell }" };
    for (let number = 1; number <= agents; number += 1)
      hosts[agentAt(number)] = "{ role: agent, shell: shell-1 }";
    await this.#fleet.configure(hosts);
    return this.#timed(() => this.#fleet.up());
  }

  /** Milliseconds of `update --all` with a release of its own. */
  async update(): Promise<number> {
    const mark = `release ${String(this.#agents)}\n`;
    await this.#release.make((folder) => writeFileSync(join(folder, "lib/mark"), mark));
    return this.#timed(() => this.#fleet.host("update", "--all"));
  }
}

export async function measureUpdate(): Promise<void> {
  const bench = new UpdateBench();
  try {
    await bench.open();
    const seconds = (ms: number) => (ms / 1_000).toFixed(1);
    const rows = [];
    let one: number | undefined;
    for (const size of sizes) {
      if (size > 1) await bench.grow(size - 1);
      const more = await bench.grow(size);
      const update = await bench.update();
      one ??= update;
      rows.push({
        agents: size,
        "the last agent joined, s": seconds(more),
        "update --all, s": seconds(update),
        "to one agent's": (update / one).toFixed(2),
      });
    }
    console.table(rows);
  } finally {
    await bench.close();
  }
}
