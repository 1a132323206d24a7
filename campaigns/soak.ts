import type { ClientChannel } from "ssh2";
import type { PlainClient } from "../daemons/agent/client.fake.ts";
import { option, type Campaign, type Conditions } from "./campaign.ts";
import { WireAgent, type Holding } from "./wire/agent.ts";
import type { Random } from "./random.ts";

/** Requests in one go on a channel that is kept open. */
const batch = 50;
/** Of a hundred goes. A terminal for every hundred requests: 1,000 for 100,000. */
const goes = { pipelined: 90, ownChannels: 8, leaves: 2 };
/** From when on nothing may grow: what every agent needs is there by then. */
const early = 0.1;
/** What may be held more at the end than at `early`: bytes of the heap after garbage was collected, of RSS, descriptors. */
const tolerance = { heap: 3 * 2 ** 20, rss: 16 * 2 ** 20, descriptors: 0 };

/** Sends requests with ids 0, 1, …; resolves when each has its answer. */
function pipeline(channel: ClientChannel, requests: readonly object[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const left = new Set(requests.keys());
    let text = "";
    const hear = (chunk: Buffer) => {
      text += chunk.toString();
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) {
        const { id, ok, error } = JSON.parse(line) as { id: number; ok: boolean; error?: string };
        if (!ok) reject(new Error(error));
        left.delete(id);
      }
      if (left.size > 0) return;
      channel.off("data", hear);
      resolve();
    };
    channel.on("data", hear);
    channel.write(requests.map((request, id) => JSON.stringify({ ...request, id })).join("\n"));
  });
}

function request(random: Random, ids: readonly string[]): object {
  const op = random.weighted({ ping: 5, get: 4, list: 1 });
  if (op === "get") return { op, params: { id: random.pick(ids) } };
  return { op };
}

/** A session from its creation to its deletion, with a terminal that is opened, used and left. */
async function life(client: PlainClient, random: Random): Promise<void> {
  const { uuid: id } = await client.result("create", { name: "short", port: -1 });
  await client.result("edit", { id, name: "edited", port: -1 });
  const terminal = await client.attach({ id });
  const text = random.bytes(random.int(1, 5_000)).toString("hex");
  const echoed = new Promise<void>((resolve, reject) => {
    terminal.channel.on("data", () => terminal.text.length >= text.length && resolve());
    terminal.channel.once("close", () =>
      reject(new Error(`the terminal ended: ${terminal.text.slice(0, 200)}`)),
    );
  });
  terminal.type(text);
  terminal.resize(random.int(1, 300), random.int(1, 100));
  await echoed;
  if (terminal.text !== text) throw new Error("the terminal said something else");
  const closed = new Promise((resolve) => terminal.channel.once("close", resolve));
  terminal.channel.close();
  await closed;
  await client.result("delete", { id });
}

/** One operator, who reconnects now and then. */
async function work(
  agent: WireAgent,
  random: Random,
  ids: readonly string[],
  requests: number,
): Promise<void> {
  let client = await agent.connect();
  let channel = await client.open("convocate-agent-rpc");
  for (let left = requests, sinceLife = 0; left > 0;) {
    const go = random.weighted(goes);
    if (go === "leaves") {
      client.close();
      client = await agent.connect();
      channel = await client.open("convocate-agent-rpc");
      continue;
    }
    const some = Array.from({ length: Math.min(batch, left) }, () => request(random, ids));
    if (go === "pipelined") await pipeline(channel, some);
    else for (const one of some) await client.exchange(JSON.stringify(one));
    left -= some.length;
    sinceLife += some.length;
    for (; sinceLife >= 100; sinceLife -= 100) await life(client, random);
  }
  client.close();
}

const MiB = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const shown = ({ heap, rss, descriptors }: Holding) =>
  `heap ${MiB(heap)}, RSS ${MiB(rss)}, ${String(descriptors)} descriptors`;

async function soakAgent(agent: WireAgent, { random, options, say }: Conditions): Promise<string[]> {
  const requests = option({ random, options, say }, "requests");
  const first = await agent.connect();
  const ids: string[] = [];
  for (let n = 0; n < 20; n++)
    ids.push(String((await first.result("create", { name: `kept ${String(n)}` }))["uuid"]));
  first.close();
  const share = (part: number) => work(agent, random.fork(String(part)), ids, Math.floor(requests * part));
  await share(early);
  const before = await agent.holding();
  say(`at ${String(early * 100)} %: ${shown(before)}`);
  for (let part = 1; part <= 3; part++) {
    await work(agent, random.fork(`part ${String(part)}`), ids, Math.floor((requests * (1 - early)) / 3));
    say(
      `at ${String(Math.round((early + ((1 - early) * part) / 3) * 100))} %: ${shown(await agent.holding())}`,
    );
  }
  const after = await agent.holding();
  const found = after.errors.map((line) => `logged: ${line}`);
  for (const what of ["heap", "rss", "descriptors"] as const) {
    const more = after[what] - before[what];
    if (more > tolerance[what])
      found.push(`${what} grew by ${String(more)}, over ${String(tolerance[what])}`);
  }
  return found;
}

export const soak: Campaign = {
  name: "soak",
  description: "very many requests, and a terminal for every hundred: memory and descriptors stay flat",
  options: [{ name: "requests", description: "how many", value: 100_000 }],
  async run(conditions) {
    const agent = await WireAgent.start();
    try {
      return await soakAgent(agent, conditions);
    } finally {
      await agent.close();
    }
  },
};
