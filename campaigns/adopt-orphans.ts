import { execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { registrationFiles } from "../protocol/config.ts";
import type { Orphan } from "../protocol/orphan.ts";
import type { Session } from "../protocol/session.ts";
import { Cable } from "../lab/cable.ts";
import { FakeFleet } from "../tui/client/fleet.fake.ts";
import { fleetAgent } from "../tui/fleet.fake.ts";
import { option, type Campaign, type Conditions } from "./campaign.ts";
import type { Random } from "./random.ts";
import { WireAgent } from "./wire/agent.ts";

const main = join(import.meta.dirname, "../tui/main.ts");
const id = "scratch";
/** Milliseconds that an agent may take to remove what an adoption that was broken off left. */
const cleanWithin = 20_000;
/** Milliseconds that an adoption takes that nothing happens to, about: faults fall into it and a little after. */
const wholeMs = 1_200;

/** Everything that counts of a tree, but for the copy of the metadata, which the agent writes anew. */
const sumOf = (tree: string): string =>
  execFileSync(
    "sh",
    [
      "-c",
      'cd "$1" && tar --create --sort=name --exclude=./session.json --owner=0 --group=0 . | sha256sum',
      "sh",
      join(tree, "data"),
    ],
    {
      encoding: "utf8",
    },
  );

/** A shell host with one orphan at a time, and the agent it is adopted onto behind a cable. */
class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), "convocate-adopt-"));
  readonly homes = join(this.folder, "homes");
  readonly fleet = new FakeFleet(join(this.folder, "fleet.sock"));
  readonly cable = new Cable();
  readonly agent: WireAgent;
  readonly #random: Random;

  constructor(agent: WireAgent, random: Random) {
    this.agent = agent;
    this.#random = random;
  }

  async open(): Promise<void> {
    mkdirSync(this.homes);
    await this.fleet.listen();
    this.fleet.agents = [fleetAgent(id, "agent-a")];
    await this.#register();
  }

  /** A restarted agent listens elsewhere. */
  async #register(): Promise<void> {
    const keys = join(this.folder, "agent-keys", id);
    mkdirSync(keys, { recursive: true });
    const port = await this.cable.listen(() => this.agent.port);
    const files = {
      [registrationFiles.address]: `127.0.0.1:${String(port)}\n`,
      [registrationFiles.hostKey]: this.agent.hostKey,
      [registrationFiles.toAgentKey]: this.agent.shellKey,
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(keys, name), text, { mode: 0o600 });
  }

  lay(): Orphan {
    const uuid = randomUUID();
    const data = join(this.homes, uuid, "data");
    mkdirSync(data, { recursive: true });
    for (let n = 0; n < 50; n += 1)
      writeFileSync(join(data, `file${String(n)}`), this.#random.bytes(this.#random.int(0, 2_000)));
    writeFileSync(join(data, "big"), Buffer.alloc(this.#random.int(1, 4) << 20, this.#random.bytes(1_000)));
    const at = new Date().toISOString();
    return { uuid, name: `o-${uuid}`, created_at: at, last_accessed: at };
  }

  /** The fleet as the status daemon would tell it. */
  async tell(orphan: Orphan): Promise<Session | undefined> {
    const client = await this.agent.connect();
    const sessions = (await client.list()) as unknown as Session[];
    client.close();
    const claimed = sessions.find(({ uuid }) => uuid === orphan.uuid);
    this.fleet.sessions = sessions.map((session) => ({ ...session, agent_id: id }));
    this.fleet.orphans = claimed || !existsSync(join(this.homes, orphan.uuid)) ? [] : [orphan];
    return claimed;
  }

  adopt(uuid: string) {
    const places = [
      "--socket",
      this.fleet.path,
      "--agent-keys",
      join(this.folder, "agent-keys"),
      "--homes",
      this.homes,
    ];
    const child = spawn(process.execPath, [main, ...places, "adopt", uuid], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let words = "";
    child.stderr.on("data", (chunk: Buffer) => (words += chunk.toString()));
    const ended = new Promise<{ status: number | null; words: string }>((resolve) => {
      child.once("close", (status) => resolve({ status, words }));
    });
    return { child, ended };
  }

  /** What of a session is on the agent's disk. */
  traces(uuid: string): string[] {
    const places = [this.agent.homes, join(this.agent.stateDir, "sessions")];
    return places.flatMap((place) => readdirSync(place)).filter((name) => name.includes(uuid));
  }

  async close(): Promise<void> {
    await this.fleet.close();
    await this.cable.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Something that happens to an adoption; resolves when it has happened. */
const faults: Record<
  string,
  (stage: Stage, child: { kill: (signal: "SIGKILL") => void }, random: Random) => Promise<void>
> = {
  async "the verb is killed"(_, child, random) {
    await sleep(random.int(150, wholeMs * 1.3));
    child.kill("SIGKILL");
  },
  "the network is cut"(stage, _, random) {
    stage.cable.cutAfter = random.int(500, 5 << 20);
    return Promise.resolve();
  },
  "a byte is flipped on the way"(stage, _, random) {
    stage.cable.flipAt = random.int(500, 5 << 20);
    return Promise.resolve();
  },
  async "the agent is stopped and started"(stage, _, random) {
    await sleep(random.int(150, wholeMs));
    await stage.agent.restart();
  },
  async "the agent is killed"(stage, _, random) {
    await sleep(random.int(150, wholeMs));
    await stage.agent.kill();
  },
};

async function point(stage: Stage, random: Random, say: (line: string) => void): Promise<string[]> {
  const found: string[] = [];
  const orphan = stage.lay();
  const { uuid } = orphan;
  const source = join(stage.homes, uuid);
  const sum = sumOf(source);
  const name = random.pick(Object.keys(faults));
  await stage.tell(orphan);
  const { child, ended } = stage.adopt(uuid);
  const [{ status, words }] = await Promise.all([ended, faults[name]?.(stage, child, random)]);
  stage.cable.mend();
  // Whatever became of the verb: the agent is through with it.
  const isBusy = () => stage.traces(uuid).some((name) => /^\.|\.(lock|making)$/.test(name));
  const deadline = Date.now() + cleanWithin;
  while (isBusy() && Date.now() < deadline) await sleep(20);
  const after = await stage.tell(orphan);
  const where = after ? "the agent has it" : "the agent does not have it";
  say(`${name}: status ${String(status)}, ${where}, ${existsSync(source) ? "it lies there" : "it is gone"}`);
  const wrong = (what: string) => found.push(`${name}: ${what} (status ${String(status)}: ${words.trim()})`);
  if (after && sumOf(join(stage.agent.homes, uuid)) !== sum) wrong("the agent has something else");
  if (!after && (!existsSync(source) || sumOf(source) !== sum)) wrong("the orphan is not whole any more");
  if (!after && stage.traces(uuid).length > 0) wrong(`left on the agent: ${stage.traces(uuid).join(" ")}`);
  // Run again, it finishes; nothing is to be done where only the last word was lost.
  if (existsSync(source)) {
    const again = await stage.adopt(uuid).ended;
    if (again.status !== 0) wrong(`run again it fails: ${again.words}`);
  }
  if (!(await stage.tell(orphan))) wrong("it is no session in the end");
  else if (sumOf(join(stage.agent.homes, uuid)) !== sum) wrong("in the end the agent has something else");
  if (existsSync(source)) wrong("in the end it lies there still");
  return found;
}

async function attack(stage: Stage, { random, options, say }: Conditions): Promise<string[]> {
  const found: string[] = [];
  const points = option({ random, options, say }, "points");
  for (let n = 0; n < points && found.length < 10; n += 1) found.push(...(await point(stage, random, say)));
  // One that nothing happens to removes what those that were killed left.
  const last = stage.lay();
  await stage.tell(last);
  const { status } = await stage.adopt(last.uuid).ended;
  if (status !== 0 || readdirSync(stage.homes).length > 0)
    found.push(`left on the shell host: ${readdirSync(stage.homes).join(" ")}`);
  return found;
}

export const adoptOrphans: Campaign = {
  name: "adopt-orphans",
  description:
    "orphans are adopted while verb, network and agent fail: whole at one end, clean at the other, and run again it finishes",
  options: [{ name: "points", description: "how many adoptions something happens to", value: 100 }],
  async run(conditions) {
    const agent = await WireAgent.start();
    const stage = new Stage(agent, conditions.random.fork("orphans"));
    try {
      await stage.open();
      return await attack(stage, conditions);
    } finally {
      await stage.close();
      await agent.close();
    }
  },
};
