/** The list and the verbs as an operator waits for them: the shipped program, a terminal, agents of which some are not well. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundlePrograms } from "../infra/artifacts/bundle.ts";
import { FakeShellHost } from "../tui/fleet.fake.ts";
import { ListTerminal, timeProgram } from "./list-terminal.ts";
import { ratio, Samples } from "./samples.ts";

const sizes = [100, 1_000, 5_000];
const starts = 10;
const keys = 200;
/** Milliseconds that the slow agent lets every answer wait. */
const slowness = 5_000;
/** Milliseconds between two cuts of the agent that flaps. */
const flapEvery = 300;

export async function measureFleet(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "convocate-bench-"));
  try {
    await bundlePrograms(join(import.meta.dirname, ".."), folder);
    const program = join(folder, "convocate.cjs");
    const floor = new Samples();
    for (let n = 0; n < starts; n += 1) await floor.time(() => timeProgram(["-e", "0"]));
    const help = new Samples();
    for (let n = 0; n < starts; n += 1) await help.time(() => timeProgram([program, "--help"]));
    console.log(`cold start of node -e 0: ${told(floor)}; --help: ${told(help)} = ${ratio(help, floor)} ×\n`);
    console.log("8 agents, one dead, one slow, one flapping; p50 (p99) in ms, and × node -e 0");
    console.log("| rows | first list | × node | key → frame | idle, bytes/s | convocate ls | × node |");
    console.log("| --- | --- | --- | --- | --- | --- | --- |");
    for (const rows of sizes) console.log(await measure(program, rows, floor));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const told = (samples: Samples) => `${samples.p50.toFixed(1)} (${samples.p99.toFixed(1)})`;

/** A row of the table. */
async function measure(program: string, rows: number, floor: Samples): Promise<string> {
  const fleet = await UnwellFleet.open(rows);
  try {
    const list = [program, ...fleet.host.options];
    const first = new Samples();
    for (let n = 0; n < starts; n += 1) {
      const terminal = new ListTerminal(list);
      try {
        first.add(await terminal.until("session 0 "));
      } finally {
        await terminal.close();
      }
    }
    const frames = new Samples();
    let idle = 0;
    const terminal = new ListTerminal(list);
    try {
      await terminal.until("session 0 ");
      for (let n = 0; n < keys; n += 1) frames.add(await terminal.press("\x1b[B"));
      idle = await terminal.idle(5_000);
    } finally {
      await terminal.close();
    }
    const ls = new Samples();
    for (let n = 0; n < starts; n += 1)
      await ls.time(() => timeProgram([program, "ls", ...fleet.host.options]));
    const cells = [String(rows), told(first), ratio(first, floor), told(frames), idle.toFixed(0)];
    return `| ${[...cells, told(ls), ratio(ls, floor)].join(" | ")} |`;
  } finally {
    await fleet.close();
  }
}

/** Eight agents; the first five are well. */
class UnwellFleet {
  readonly host = new FakeShellHost();
  readonly #silent = new Set<Socket>();
  /** Accepts, and never says a word: what a dead host behind a firewall is to who dials it. */
  readonly #dead: Server = createServer((socket) => {
    this.#silent.add(socket.on("error", () => {}));
  });
  #flapping: NodeJS.Timeout | undefined;

  static async open(rows: number): Promise<UnwellFleet> {
    const fleet = new UnwellFleet();
    const { host } = fleet;
    await host.fleet.listen();
    const names = ["a1", "a2", "a3", "a4", "a5", "slow", "flapping", "dead"];
    const agents = [];
    for (const id of names) agents.push(await host.addAgent(id, `host-${id}`));
    const [slow, flapping, dead] = agents.slice(5);
    if (!slow || !flapping || !dead) throw new Error("eight agents were made");
    for (let n = 0; n < rows; n += 1) {
      const last_accessed = new Date(Date.now() - 86_400_000 - n * 1_000).toISOString();
      agents[n % agents.length]?.add(`session ${String(n)} `, { last_accessed });
    }
    Object.defineProperty(slow, "slowness", {
      get: () => new Promise((resolve) => setTimeout(resolve, slowness)),
    });
    await dead.close();
    await new Promise<void>((resolve) => fleet.#dead.listen(dead.port, "127.0.0.1", resolve));
    fleet.#flapping = setInterval(() => flapping.cut(), flapEvery);
    return fleet;
  }

  async close(): Promise<void> {
    clearInterval(this.#flapping);
    for (const socket of this.#silent) socket.destroy();
    this.#dead.close();
    await this.host.close();
  }
}
