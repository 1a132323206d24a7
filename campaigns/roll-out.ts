import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inc } from "semver";
import { must, type Outcome } from "../lab/command.ts";
import { Release } from "../lab/release.ts";
import { TestFleet } from "../lab/test-fleet.ts";
import { version } from "../protocol/version.ts";
import type { Campaign, Say } from "./campaign.ts";
import { Typist } from "./roll-out/typist.ts";

const agents = ["agent-a", "agent-b", "agent-c"];
const hosts = ["shell-1", ...agents];
/** The version of the release that comes. */
const next = String(inc(version, "minor"));
const entries = {
  "shell-1": "{ role: shell }",
  ...Object.fromEntries(agents.map((agent) => [agent, "{ role: agent, shell: shell-1 }"])),
};

/** Programs of a release, which tell their version. */
const programs = ["convocate-agent.cjs", "convocate-status.cjs", "convocate.cjs"];

/** A release with the next version, in the programs of its folder. */
function withVersion(folder: string, next: string): void {
  for (const program of programs) {
    const file = join(folder, "lib", program);
    const text = readFileSync(file, "utf8");
    const changed = text.replace(`"${version}"`, `"${next}"`);
    if (changed === text) throw new Error(`${program} does not tell its version`);
    writeFileSync(file, changed);
  }
}

/** A fleet from vanilla hosts, and releases that come to it while people work. */
class RollOut {
  readonly #fleet: TestFleet;
  readonly #say: Say;
  readonly found: string[] = [];

  constructor(fleet: TestFleet, say: Say) {
    this.#fleet = fleet;
    this.#say = say;
  }

  async #timed(what: string, work: () => Promise<Outcome>): Promise<Outcome> {
    const began = performance.now();
    const before = await this.#received();
    const outcome = await work();
    const after = await this.#received();
    const bytes = hosts.map(
      (host, i) => `${host} ${(((after[i] ?? 0) - (before[i] ?? 0)) / 1024).toFixed(0)} KiB`,
    );
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    this.#say(`${what}: ${seconds} s, status ${String(outcome.code)}; received: ${bytes.join(", ")}`);
    return outcome;
  }

  /** Bytes that came to each host by its network so far. */
  #received(): Promise<number[]> {
    const counter = "/sys/class/net/eth0/statistics/rx_bytes";
    return Promise.all(
      hosts.map(async (host) =>
        Number(await must(["docker", "exec", this.#fleet.lab.container(host), "cat", counter])),
      ),
    );
  }

  #expect(holds: boolean, what: string): void {
    if (!holds) this.found.push(what);
  }

  async provision(): Promise<void> {
    const { code, stdout, stderr } = await this.#timed("vanilla hosts: one up", () => this.#fleet.up());
    if (code !== 0) throw new Error(`pulumi up: ${stdout}${stderr}`);
    const again = await this.#timed("nothing changed: one up", () => this.#fleet.up());
    this.#expect(
      /Resources:\s+\d+ unchanged\s+Duration/.test(again.stdout),
      `not unchanged: ${again.stdout}`,
    );
  }

  async update(release: Release): Promise<void> {
    const places = [...agents, "agent-a", "agent-b"];
    const typists = places.map((agent, i) => new Typist(this.#fleet, `session-${String(i + 1)}`, agent));
    for (const typist of typists) await typist.open();
    await release.make((folder) => withVersion(folder, next));
    await this.#timed("a release: update --host agent-c", () =>
      this.#fleet.host("update", "--host", "agent-c"),
    );
    await this.#skewed("newer");
    const { code, stdout, stderr } = await this.#timed("a release: update --all", () =>
      this.#fleet.host("update", "--all"),
    );
    this.#expect(code === 0, `the update failed: ${stdout}${stderr}`);
    await this.#skewed("same");
    for (const typist of typists) {
      const { found, awayMs, told } = await typist.close();
      this.found.push(...found);
      this.#say(`typed into the void for ${String(awayMs)} ms; told: ${told.join(" | ") || "nothing"}`);
    }
  }

  /** An agent of another version than the others' is shown as that, and serves as they do. */
  async #skewed(skew: string): Promise<void> {
    const { stdout } = await this.#fleet.verb("agents", "--json");
    const rows = JSON.parse(stdout) as { host: string; version: string; skew: string }[];
    this.#say(rows.map((row) => `${row.host} ${row.version} (${row.skew})`).join(", "));
    const found = rows.find(({ host }) => host === "agent-c");
    this.#expect(
      found?.version === next && found.skew === skew,
      `agent-c is not shown as ${skew}: ${stdout}`,
    );
    for (const words of [
      ["new", "trial", "--agent", "agent-c"],
      ["kill", "trial"],
      ["rm", "trial"],
    ]) {
      const { code, stderr } = await this.#fleet.verb(...words);
      this.#expect(code === 0, `${words.join(" ")} with a ${skew} agent: ${stderr}`);
    }
  }

  /** A daemon that does not start: the first agent goes back to what ran, and the others are left alone. */
  async unhealthy(release: Release): Promise<void> {
    const before = await this.#releases();
    await release.make((folder) =>
      writeFileSync(
        join(folder, "lib/convocate-agent.cjs"),
        'throw new Error("a daemon that does not start")',
      ),
    );
    const { code, stdout, stderr } = await this.#timed("a release that does not start: update --all", () =>
      this.#fleet.host("update", "--all"),
    );
    const said = stdout + stderr;
    this.#expect(code !== 0, "an update that does not start is called good");
    this.#expect(
      /release [0-9a-f]{12} runs again/.test(said),
      `nobody says that the old one runs again: ${said}`,
    );
    const after = await this.#releases();
    this.#expect(
      agents.every((_, i) => after[i + 1] === before[i + 1]),
      `an agent stays on a release that does not start: ${after.join(", ")}`,
    );
    this.#say(`current releases before: ${before.join(", ")}; after: ${after.join(", ")}`);
    this.#say((await this.#fleet.verb("agents")).stdout);
    const { length } = (await this.#fleet.sessions()).filter(({ state }) => state === "running");
    this.#expect(length === 5, `${String(length)} of 5 sessions run`);
  }

  #releases(): Promise<string[]> {
    const link = ["readlink", "/usr/local/lib/convocate/current"];
    return Promise.all(
      hosts.map(async (host) =>
        (await must(["docker", "exec", this.#fleet.lab.container(host), ...link])).slice(0, 12),
      ),
    );
  }
}

export const rollOut: Campaign = {
  name: "roll-out",
  description:
    "a shell host and three agents from vanilla machines by one up; releases come while five people type",
  options: [],
  async run({ say }) {
    const fleet = new TestFleet("roll-out");
    const release = new Release();
    try {
      await fleet.open(hosts, "vanilla");
      await fleet.configure(entries);
      const steps = new RollOut(fleet, say);
      await steps.provision();
      await steps.update(release);
      await steps.unhealthy(release);
      return steps.found;
    } finally {
      release.restore();
      await fleet.close();
    }
  },
};
