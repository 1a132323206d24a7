/** How fast a session moves between two agents of the lab, beside `tar | ssh` by the same way in the same run. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { must, until } from "../lab/command.ts";
import { TestFleet } from "../lab/test-fleet.ts";

/** Homes: so many files, so many MiB in all. */
const sizes = [
  { files: 5_000, mebibytes: 200 },
  { files: 20_000, mebibytes: 800 },
  { files: 50_000, mebibytes: 2_048 },
];
const program = join(import.meta.dirname, "../script/convocate-host");

/** A tree of files of one size, a hundred to a folder. */
const fill = `set -e; cd "$1"
for d in $(seq $(($2 / 100))); do mkdir $d; head -c $((100 * $3)) /dev/urandom | split -b $3 -a 2 - $d/; done
chown -R 1337:1337 .; sync -f .`;

const told = z.looseObject({ step: z.string().optional() });

/** In milliseconds. */
interface Plain {
  took: number;
  synced: number;
}

interface Ours {
  /** Milliseconds of the whole command, and of each of its steps; `copy` is the stream. */
  took: number;
  steps: Record<string, number>;
  /** What the command held on this machine in MB, ten times a second. */
  memory: number[];
}

class MoveBench {
  readonly #fleet = new TestFleet("move-bench");
  #uuid = "";

  async open(): Promise<void> {
    const hosts = ["shell-1", "agent-a", "agent-b"];
    await this.#fleet.open(hosts);
    const entry = "{ role: agent, shell: shell-1 }";
    await this.#fleet.configure({ "shell-1": "{ role: shell }", "agent-a": entry, "agent-b": entry });
    const { code, stdout, stderr } = await this.#fleet.up();
    if (code !== 0) throw new Error(`the fleet did not come up:\n${stdout}${stderr}`);
  }

  close(): Promise<void> {
    return this.#fleet.close();
  }

  #on(host: string, script: string, ...args: string[]): Promise<string> {
    return must(["docker", "exec", this.#fleet.lab.container(host), "sh", "-c", script, "sh", ...args]);
  }

  /** A session on agent-a with so many files. */
  async fill(files: number, mebibytes: number): Promise<void> {
    const each = Math.floor((mebibytes * 2 ** 20) / files);
    const { code, stderr } = await this.#fleet.verb("new", "mover", "--agent", "agent-a");
    if (code !== 0) throw new Error(`the session could not be made: ${stderr}`);
    this.#uuid = String((await this.#fleet.sessions())[0]?.["uuid"]);
    await this.#on("agent-a", fill, `/home/convocate/${this.#uuid}`, String(files), String(each));
  }

  /** Milliseconds of `tar | ssh`, by way of this machine like ours, and until what came is on the disk, as ours is. */
  async plain(from: string, target: string): Promise<Plain> {
    const { lab } = this.#fleet;
    await this.#on(target, "rm -rf /home/convocate/plain && mkdir /home/convocate/plain");
    const to = async (host: string) => [...lab.sshCommand(host), (await lab.host(host)).address];
    const quoted = (argv: string[], command: string) =>
      [...argv.map((word) => `'${word}'`), `"${command}"`].join(" ");
    const read = quoted(await to(from), `sudo -n tar -c -C /home/convocate/${this.#uuid} .`);
    const write = quoted(await to(target), "sudo -n tar -x -C /home/convocate/plain");
    const began = performance.now();
    await must(["bash", "-c", `set -o pipefail; ${read} | ${write}`]);
    const took = performance.now() - began;
    await this.#on(target, "sync -f /home/convocate/plain");
    const synced = performance.now() - began;
    await this.#on(target, "rm -rf /home/convocate/plain; sync -f /home/convocate");
    return { took, synced };
  }

  /** A whole move from agent-a to agent-b. */
  async ours(): Promise<Ours> {
    const words = [
      "migrate-session",
      "--session",
      this.#uuid,
      "--from",
      "agent-a",
      "--agent",
      "agent-b",
      "--json",
    ];
    const began = performance.now();
    const child = spawn(program, [...words, "--stack", this.#fleet.stack], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const steps: Record<string, number> = {};
    let since = { step: "start", began };
    const begins = (step: string) => {
      const now = performance.now();
      steps[since.step] = (steps[since.step] ?? 0) + now - since.began;
      since = { step, began: now };
    };
    createInterface(child.stdout).on("line", (line) => begins(told.parse(JSON.parse(line)).step ?? "end"));
    const memory: number[] = [];
    const watch = setInterval(() => memory.push(residentMegabytes(child.pid ?? 0)), 100);
    const code = await new Promise((resolve) => child.on("close", resolve));
    clearInterval(watch);
    if (code !== 0) throw new Error(`the move failed: ${said}`);
    begins("");
    return { took: performance.now() - began, steps, memory };
  }

  /** Waits until a host's agent has removed what is not there any more: it would hold up what is measured next. */
  async settle(host: string): Promise<void> {
    const left = () => this.#on(host, 'ls -A /home/convocate | grep -F "$1" || true', this.#uuid);
    await until(`${host} has removed the files`, 300_000, async () => (await left()) === "");
  }

  async remove(): Promise<void> {
    await this.#fleet.verb("rm", "mover");
    await this.settle("agent-b");
  }
}

function residentMegabytes(pid: number): number {
  try {
    const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${String(pid)}/status`, "utf8"))?.[1];
    return (Number(kib ?? 0) * 1_024) / 1e6;
  } catch {
    return 0;
  }
}

const mean = (one: number, other: number) => (one + other) / 2;

/** The most in the first third of the time, and in the last. */
function thirds(memory: number[]): string {
  const third = Math.ceil(memory.length / 3);
  const most = (part: number[]) => Math.max(0, ...part).toFixed(0);
  return `${most(memory.slice(0, third))}, ${most(memory.slice(-third))}`;
}

export async function measureMove(): Promise<void> {
  const bench = new MoveBench();
  try {
    await bench.open();
    const rows = [];
    const phases = [];
    for (const { files, mebibytes } of sizes) {
      await bench.fill(files, mebibytes);
      // Before and after: what else the machine does comes and goes.
      const before = await bench.plain("agent-a", "agent-b");
      const { took, steps, memory } = await bench.ours();
      await bench.settle("agent-a");
      const after = await bench.plain("agent-b", "agent-a");
      await bench.remove();
      const streamed = steps["copy"] ?? NaN;
      const plain = mean(before.took, after.took);
      const synced = mean(before.synced, after.synced);
      const rate = (ms: number) => `${((mebibytes / ms) * 1_000).toFixed(0)} MiB/s`;
      rows.push({
        files,
        MiB: mebibytes,
        "tar | ssh": `${rate(before.took)}, ${rate(after.took)}`,
        "and sync": rate(synced),
        "a whole move": rate(took),
        "its stream": rate(streamed),
        ratio: (plain / took).toFixed(2),
        "to synced": (synced / took).toFixed(2),
        "of the stream": (plain / streamed).toFixed(2),
        "memory, MB": thirds(memory),
      });
      const seconds = Object.entries(steps).map(([step, ms]) => [step, (ms / 1_000).toFixed(1)]);
      phases.push({ files, ...Object.fromEntries(seconds) });
    }
    console.table(rows);
    console.log("seconds in each step of a move:");
    console.table(phases);
  } finally {
    await bench.close();
  }
}
