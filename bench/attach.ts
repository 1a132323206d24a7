/**
 * The rows of spec "Performance" on terminals and on the agent's memory: the daemon as it ships, the real Docker Engine, the
 * real session image. `docker exec -it … tmux attach` is measured in the same run, in turn with ours.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { buildImage } from "../infra/image/build.ts";
import { ensureBase } from "../lab/base.ts";
import { BenchClient } from "./client.ts";
import { DockerTerminal } from "./docker-terminal.ts";
import { OurTerminal } from "./our-terminal.ts";
import { ShippedAgent } from "./shipped-agent.ts";
import { timeBulk, timeEcho, timeOpening, type Pair } from "./terminal-times.ts";
import { fillScreen } from "./terminal.ts";

/** Terminals attached at once, each on a session of its own. */
const sizes = [1, 5, 20];
/** Sessions listed; the terminals are attached with the last. */
const listed = [10, 1000, 200];
const lists = 50;
/** Seconds for which a client that attached does not read. */
const deaf = 10;

/** An agent starts nothing on a host whose processors others keep busy: they are waited for, a while. */
async function restart(client: BenchClient, id: string, triesLeft = 20): Promise<void> {
  try {
    await client.result("restart", { id });
  } catch (error) {
    if (triesLeft === 0 || !String(error).includes("admission denied: cpu")) throw error;
    await sleep(3_000);
    await restart(client, id, triesLeft - 1);
  }
}

const made = z.looseObject({ uuid: z.string() });

/** Makes a session, starts it and fills its screen; small, so that many fit. Returns a terminal on it, too. */
async function startSession(
  client: BenchClient,
  name: string,
): Promise<{ id: string; terminal: OurTerminal }> {
  const limits = { memory_bytes: 128 * 2 ** 20 };
  const { uuid: id } = made.parse(await client.result("create", { name, limits }));
  await restart(client, id);
  const terminal = await OurTerminal.open(client, id, ["[convoc"]);
  await terminal.type(fillScreen);
  return { id, terminal };
}

const difference = ({ ours, baseline }: Pair, share: number) => {
  const [our, their] = [ours.quantile(share), baseline.quantile(share)];
  return `${(our - their).toFixed(2)} (${our.toFixed(2)} - ${their.toFixed(2)})`;
};
const times = ({ ours, baseline }: Pair) =>
  `${(ours.p50 / baseline.p50).toFixed(2)} x (${ours.p50.toFixed(0)} / ${baseline.p50.toFixed(0)})`;

/** Resident memory of an agent that does nothing, then of one that listed; the last one is left running. */
async function measureMemory(agent: ShippedAgent): Promise<BenchClient> {
  const rows = [];
  await agent.start();
  await sleep(3_000);
  rows.push({ agent: "idle, no session", ...(await agent.memory()) });
  for (const sessions of listed) {
    await agent.stop();
    await agent.furnish(sessions);
    const client = await BenchClient.connect(await agent.start());
    for (let n = 0; n < lists; n++) await client.kept("list");
    rows.push({
      agent: `${String(sessions)} sessions, listed ${String(lists)} times`,
      ...(await agent.memory()),
    });
    if (sessions === listed.at(-1)) {
      console.table(rows);
      return client;
    }
    client.close();
  }
  throw new Error("nothing is to be listed");
}

async function measureTerminals(agent: ShippedAgent, client: BenchClient): Promise<void> {
  const { id: theirs, terminal } = await startSession(client, "baseline");
  await terminal.close();
  const baseline = await DockerTerminal.open(theirs);
  const attached: { id: string; terminal: OurTerminal }[] = [];
  const rows = [];
  for (const size of sizes) {
    while (attached.length < size)
      attached.push(await startSession(client, `attached ${String(attached.length)}`));
    const [first] = attached;
    if (!first) break;
    const terminals = attached.map((one) => one.terminal);
    for (const one of [first.terminal, baseline]) await one.type(fillScreen);
    const opened = await timeOpening(client, first.id, theirs);
    const echo = await timeEcho(terminals, baseline);
    const bulk = await timeBulk(first.terminal, baseline);
    rows.push({
      attached: size,
      "echo p50, ms": difference(echo, 0.5),
      "echo p99, ms": difference(echo, 0.99),
      "first screen, ms": times(opened),
      "seq 1 300000, ms": times(bulk),
      bytes: `${String(bulk.ourBytes)} / ${String(bulk.theirBytes)}`,
      "agent's memory, MB": (await agent.memory()).now,
    });
  }
  console.log(
    "Echo: ours minus `docker exec -it`; the others: ours to `docker exec -it`. Medians unless told otherwise.",
  );
  console.table(rows);
  await measureDeaf(agent, attached[0]?.terminal);
  for (const one of attached) await one.terminal.close();
  await baseline.close();
}

/** A client that attached to a session which prints without end, and reads no more. */
async function measureDeaf(agent: ShippedAgent, terminal: OurTerminal | undefined): Promise<void> {
  if (!terminal) return;
  const before = await agent.memory();
  await terminal.type({ text: "yes\r", until: ["\r\ny"] });
  terminal.stopReading();
  const seen = [];
  for (let n = 0; n < deaf; n++) {
    await sleep(1_000);
    seen.push((await agent.memory()).now);
  }
  console.log(
    `A session runs \`yes\`, its operator does not read: ${before.now.toFixed(0)} MB before, then every second ` +
      `${seen.map((mb) => mb.toFixed(0)).join(", ")}.`,
  );
}

/** Prints the rows. */
export async function measureAttach(): Promise<void> {
  const image = await buildImage(await ensureBase(console.error), console.error);
  const agent = await ShippedAgent.make(image.reference);
  try {
    const client = await measureMemory(agent);
    await measureTerminals(agent, client);
    client.close();
  } finally {
    await agent.close();
  }
}
