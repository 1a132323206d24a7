/**
 * The rows of spec "Performance" on terminals and on the agent's memory: the daemon as it ships, the real Docker Engine, the
 * real session image. `docker exec -it … tmux attach` is measured in the same run, in turn with ours.
 */
import { setTimeout as sleep } from "node:timers/promises";
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
/** Sessions listed. */
const listed = [10, 200, 1000];
/** Sessions there are while terminals are attached. */
const beside = 200;
const lists = 50;
/** Seconds for which a client that attached does not read. */
const deaf = 10;

/** A terminal on a session, whose screen it fills. */
async function attach(client: BenchClient, session: string): Promise<OurTerminal> {
  const terminal = await OurTerminal.open(client, session, ["[convoc"]);
  await terminal.type(fillScreen);
  return terminal;
}

const difference = ({ ours, baseline }: Pair, share: number) => {
  const [our, their] = [ours.quantile(share), baseline.quantile(share)];
  return `${(our - their).toFixed(2)} (${our.toFixed(2)} - ${their.toFixed(2)})`;
};
const times = ({ ours, baseline }: Pair) =>
  `${(ours.p50 / baseline.p50).toFixed(2)} x (${ours.p50.toFixed(0)} / ${baseline.p50.toFixed(0)})`;

/** Resident memory of an agent that does nothing, then of one that listed. */
async function measureMemory(agent: ShippedAgent): Promise<void> {
  const rows = [];
  await agent.start();
  await sleep(3_000);
  rows.push({ agent: "idle, no session", ...(await agent.memory()) });
  for (const sessions of listed) {
    await agent.stop();
    await agent.furnish(sessions, 0);
    const client = await BenchClient.connect(await agent.start());
    for (let n = 0; n < lists; n++) await client.kept("list");
    rows.push({
      agent: `${String(sessions)} sessions, listed ${String(lists)} times`,
      ...(await agent.memory()),
    });
    client.close();
  }
  await agent.stop();
  console.log("Resident memory, MB");
  console.table(rows);
}

async function measureTerminals(agent: ShippedAgent): Promise<void> {
  const [theirs = "", ...ours] = await agent.furnish(beside, 1 + Math.max(...sizes));
  const client = await BenchClient.connect(await agent.start());
  for (let n = 0; n < lists; n++) await client.kept("list");
  const baseline = await DockerTerminal.open(theirs, ["[convoc"]);
  const terminals: OurTerminal[] = [];
  const rows = [];
  for (const size of sizes) {
    for (const session of ours.slice(terminals.length, size)) terminals.push(await attach(client, session));
    const [first] = terminals;
    if (!first) break;
    for (const one of [first, baseline]) await one.type(fillScreen);
    const opened = await timeOpening(client, ours[0] ?? "", theirs);
    const echo = await timeEcho(terminals, baseline);
    const bulk = await timeBulk(first, baseline);
    rows.push({
      attached: size,
      "echo p50, ms": difference(echo, 0.5),
      "echo p99, ms": difference(echo, 0.99),
      "first screen, ms": times(opened),
      "seq 1 300000, ms": times(bulk),
      bytes: `${String(bulk.ourBytes)} / ${String(bulk.theirBytes)}`,
      "agent's memory, MB": (await agent.memory()).now.toFixed(1),
    });
  }
  console.log(
    "Echo: ours minus `docker exec -it`; the others: ours to `docker exec -it`. Medians unless told otherwise.",
  );
  console.table(rows);
  await measureDeaf(agent, terminals[0]);
  for (const terminal of terminals) await terminal.close();
  await baseline.close();
  client.close();
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
    await measureMemory(agent);
    await measureTerminals(agent);
  } finally {
    await agent.close();
  }
}
