import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { response } from "../protocol/rpc.ts";
import type { PlainClient } from "../daemons/agent/client.fake.ts";
import { option, type Campaign, type Conditions } from "./campaign.ts";
import { WireAgent } from "./wire/agent.ts";
import { fuzzLine } from "./wire/lines.ts";

/** Connections at once. */
const clients = 4;
/** A line that is not answered by then is not answered. */
const answerMs = 20_000;
/** Lines after which what every agent needs is there, and growth counts. */
const warmUp = 0.05;
/** Heap that may be held more at the end than after the warm-up, bytes: sessions made by chance are some of it. */
const growth = 16 * 2 ** 20;

/** What is wrong with what came back for a line; null when nothing is. */
function wrongWith(sent: Buffer, text: string): string | null {
  const lines = text.split("\n");
  if (lines.pop() !== "") return "an answer without its newline";
  if (lines.length === 0) return sent.toString().trim() === "" ? null : "no answer";
  for (const line of lines) {
    try {
      const parsed = response.parse(JSON.parse(line));
      if (!parsed.ok && (parsed.code === undefined || parsed.code === "internal"))
        return `code ${String(parsed.code)}`;
    } catch {
      return "an answer that is none";
    }
  }
  return null;
}

async function exchange(client: PlainClient, line: Buffer): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing for ${String(answerMs)} ms`)), answerMs);
  });
  return Promise.race([client.exchange(line, { eof: true }), late]).finally(() => clearTimeout(timer));
}

const shown = (line: Buffer) => JSON.stringify(line.subarray(0, 300).toString("latin1"));

/** The sessions that no line names, as they are told and as they are on disk. */
async function witnesses(agent: WireAgent, client: PlainClient, ids: readonly string[]): Promise<string> {
  const listed = (await client.list()).filter(({ uuid }) => ids.includes(String(uuid)));
  const files = await Promise.all(
    ids.map((id) => readFile(join(agent.stateDir, "sessions", `${id}.json`), "utf8")),
  );
  return JSON.stringify([listed.sort((a, b) => (String(a["uuid"]) < String(b["uuid"]) ? -1 : 1)), files]);
}

/** The store has what is listed and nothing else, before and after a restart. */
async function storeIsWhole(agent: WireAgent, client: PlainClient): Promise<string[]> {
  const listed = (await client.list()).map(({ uuid }) => String(uuid)).sort();
  const stored = (await readdir(join(agent.stateDir, "sessions"))).sort();
  const homes = (await readdir(agent.homes)).filter((name) => name !== ".skel").sort();
  const found: string[] = [];
  if (stored.join() !== listed.map((uuid) => `${uuid}.json`).join())
    found.push("metadata is not what is listed");
  if (homes.join() !== listed.join())
    found.push(`homes are not what is listed: ${homes.join().slice(0, 500)}`);
  return found;
}

async function attack(agent: WireAgent, { random, options, say }: Conditions): Promise<string[]> {
  const found: string[] = [];
  const lines = option({ random, options, say }, "lines");
  const calm = await agent.connect();
  const create = async (name: string) => String((await calm.result("create", { name }))["uuid"]);
  const known = [await create("fuzzed 1"), await create("fuzzed 2"), await create("fuzzed 3")];
  const hidden = [await create("witness 1"), await create("witness 2")];
  await calm.result("create", { name: "has the port", port: 4_000 });
  await calm.result("restart", { id: hidden[0] });
  const before = await witnesses(agent, calm, hidden);
  const stream = random.fork("lines");
  const work = async (count: number) => {
    let left = count;
    const run = async () => {
      const client = await agent.connect();
      while (left-- > 0 && found.length < 20) {
        const line = fuzzLine(stream, known);
        const wrong = await exchange(client, line).then(
          (text) => wrongWith(line, text),
          (error: unknown) => String(error),
        );
        if (wrong !== null) found.push(`${wrong} for ${shown(line)}`);
      }
      client.close();
    };
    await Promise.all(Array.from({ length: clients }, run));
  };
  await work(Math.ceil(lines * warmUp));
  const early = await agent.holding();
  await work(Math.floor(lines * (1 - warmUp)));
  const late = await agent.holding();
  const MiB = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  say(
    `heap ${MiB(early.heap)} after the warm-up, ${MiB(late.heap)} at the end; RSS ${MiB(early.rss)}, ${MiB(late.rss)}`,
  );
  say(`descriptors ${String(early.descriptors)}, ${String(late.descriptors)}`);
  found.push(...[...early.errors, ...late.errors].map((line) => `logged: ${line.slice(0, 300)}`));
  if (late.heap - early.heap > growth) found.push(`the heap grew by ${MiB(late.heap - early.heap)}`);
  if (late.descriptors > early.descriptors) found.push("descriptors were left open");
  if (!(await calm.call("ping")).ok) found.push("no ping afterwards");
  if ((await witnesses(agent, calm, hidden)) !== before) found.push("a session changed that no line named");
  found.push(...(await storeIsWhole(agent, calm)));
  const listed = (await calm.list()).map(({ uuid }) => uuid).sort();
  calm.close();
  await agent.restart();
  const again = await agent.connect();
  const after = (await again.list()).map(({ uuid }) => uuid).sort();
  if (JSON.stringify(after) !== JSON.stringify(listed)) found.push("other sessions after a restart");
  again.close();
  return found;
}

export const fuzz: Campaign = {
  name: "fuzz",
  description:
    "lines that nobody thought of against one agent: it answers each, holds no more, and keeps its sessions",
  options: [{ name: "lines", description: "how many", value: 100_000 }],
  async run(conditions) {
    const agent = await WireAgent.start();
    try {
      return await attack(agent, conditions);
    } finally {
      await agent.close();
    }
  },
};
