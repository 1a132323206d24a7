import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { containerSpec } from "../daemons/agent/container-spec.ts";
import { connectEngine } from "../daemons/docker/dockerode.ts";
import { createKeyPair } from "../daemons/ssh/keypair.fake.ts";
import { bundlePrograms, programs } from "../infra/artifacts/bundle.ts";
import { agentConfig } from "../protocol/config.ts";
import { docker } from "./docker.ts";
import type { Place } from "./agents.ts";

/** Its label on containers: what an earlier run left is found by it. */
const agentId = "bench";
const network = "convocate";

/** Whose the homes are when the agent is root. */
const user = { uid: 1337, gid: 1337 };
const config = agentConfig.parse({ command: "bash --norc" });
/** What all containers have in common; small, so that many fit. */
const fixed = {
  agentId,
  config,
  ...user,
  limits: { memory_bytes: 128 * 2 ** 20 },
  token: null,
  sharedMounts: [],
};

function metadata(n: number) {
  const time = new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString();
  const name = `session ${String(n)} of a benchmark`;
  return { uuid: randomUUID(), name, created_at: time, last_accessed: time, protocol: "tcp" };
}

const listening = z.looseObject({ msg: z.literal("agent listens"), port: z.number() });

/** The daemon as hosts get it (bundled, the pinned runtime, its launcher's flags), against this machine's Docker Engine. */
export class ShippedAgent {
  readonly #folder: string;
  readonly #image: string;
  readonly #hadNetwork: boolean;
  readonly #operator = createKeyPair("operator=bench");
  #child: ChildProcess | null = null;
  #port = 0;

  private constructor(folder: string, image: string, hadNetwork: boolean) {
    this.#folder = folder;
    this.#image = image;
    this.#hadNetwork = hadNetwork;
  }

  /** Bundles the daemon and writes its configuration, with sessions running a plain shell. Does not start it. */
  static async make(image: string): Promise<ShippedAgent> {
    const folder = await mkdtemp(join(tmpdir(), "convocate-bench-"));
    await bundlePrograms(join(import.meta.dirname, ".."), join(folder, "lib"));
    const networks = await docker("network", "ls", "--format", "{{.Name}}");
    const agent = new ShippedAgent(folder, image, networks.split("\n").includes(network));
    await agent.#configure();
    await removeContainers();
    return agent;
  }

  async #configure(): Promise<void> {
    const folder = join(this.#folder, "config");
    await mkdir(folder);
    const files = {
      "agent-id": agentId,
      ssh_host_ed25519_key: createKeyPair("").privateKey,
      authorized_keys: `${this.#operator.publicKey}\n`,
      "config.json": JSON.stringify(config),
      "current-image": `${this.#image}\n`,
    };
    for (const [name, text] of Object.entries(files))
      await writeFile(join(folder, name), text, { mode: 0o600 });
  }

  /**
   * Sessions, and no others, that are there when it starts. Returns those that run: started by the bench itself, because an
   * agent starts nothing on a host whose processors others keep busy.
   */
  async furnish(count: number, running: number): Promise<string[]> {
    const sessions = join(this.#folder, "state/sessions");
    const homes = join(this.#folder, "homes");
    for (const folder of [sessions, homes]) await rm(folder, { recursive: true, force: true });
    await mkdir(sessions, { recursive: true });
    const engine = await connectEngine("/var/run/docker.sock");
    const started: string[] = [];
    for (let n = 0; n < count; n++) {
      const session = metadata(n);
      const home = join(homes, session.uuid);
      await mkdir(home, { recursive: true });
      await chown(home, user.uid, user.gid);
      await writeFile(join(sessions, `${session.uuid}.json`), JSON.stringify(session));
      if (n >= running) continue;
      await engine.start(
        containerSpec({ ...fixed, session, home, image: this.#image, ...(await engine.info()) }),
      );
      started.push(session.uuid);
    }
    return started;
  }

  async start(): Promise<Place> {
    const inside = (name: string) => join(this.#folder, name);
    const flags = programs.find(({ command }) => command === "convocate-agent")?.flags ?? [];
    const program = [...flags, inside("lib/convocate-agent.cjs"), "serve"];
    const folders = [
      "--config-dir",
      inside("config"),
      "--state-dir",
      inside("state"),
      "--homes",
      inside("homes"),
    ];
    const child = spawn(process.execPath, [...program, ...folders, "--address", "127.0.0.1", "--port", "0"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child = child;
    const said: string[] = [];
    this.#port = await new Promise<number>((resolve, reject) => {
      child.once("exit", (code) =>
        reject(new Error(`the agent ended with status ${String(code)}: ${said.join("\n")}`)),
      );
      createInterface(child.stderr).on("line", (line) => {
        if (said.push(line) > 20) said.shift();
        const told = listening.safeParse(parse(line));
        if (told.success) resolve(told.data.port);
      });
    });
    return { port: this.#port, privateKey: this.#operator.privateKey, uuid: "" };
  }

  /** Resident memory in MB (10⁶ bytes): now, and at most since the start. */
  async memory(): Promise<{ now: number; peak: number }> {
    const status = await readFile(`/proc/${String(this.#child?.pid)}/status`, "utf8");
    const field = (name: string) =>
      (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1024) / 1e6;
    return { now: field("VmRSS"), peak: field("VmHWM") };
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    await exited;
  }

  /** Leaves no container, network or file behind. */
  async close(): Promise<void> {
    await this.stop();
    await removeContainers();
    if (!this.#hadNetwork) await docker("network", "rm", network).catch(() => undefined);
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

async function removeContainers(): Promise<void> {
  const found = await docker("ps", "-aq", "--filter", `label=convocate.agent=${agentId}`);
  if (found !== "") await docker("rm", "-f", "-v", ...found.split("\n"));
}
