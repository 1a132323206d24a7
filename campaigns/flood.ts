import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ClientChannel } from "ssh2";
import { option, type Campaign, type Conditions } from "./campaign.ts";
import { WireAgent } from "./wire/agent.ts";

const idlePings = 1_000;
/** An operator's ping while strangers knock, at worst: so many times what it is while nobody does, and not below `enoughMs`. */
const slower = 20;
const enoughMs = 200;

/** Milliseconds of one ping after the other on a channel that is kept open, until told to stop. */
async function ping(channel: ClientChannel, goesOn: (pings: number) => boolean): Promise<number[]> {
  const took: number[] = [];
  while (goesOn(took.length)) {
    const began = performance.now();
    channel.write('{"op":"ping","id":1}\n');
    await once(channel, "data");
    took.push(performance.now() - began);
  }
  return took.sort((a, b) => a - b);
}
const at = (sorted: readonly number[], share: number) => sorted[Math.floor(sorted.length * share)] ?? NaN;
const ms = (value: number) => `${value.toFixed(2)} ms`;

/** Resolves with how the connections went. */
async function strangers(port: number, { random, options, say }: Conditions): Promise<string> {
  const words = [
    port,
    option({ random, options, say }, "connections"),
    option({ random, options, say }, "together"),
  ];
  const script = join(import.meta.dirname, "wire/flooder.ts");
  const argv = [script, ...words, random.int(1, 1_000_000)].map(String);
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const [line] = (await Promise.race([once(createInterface(child.stdout), "line"), ended])) as [unknown];
  await ended;
  if (typeof line !== "string") throw new Error(`the flooder ended with status ${String(line)}`);
  return line;
}

async function attack(agent: WireAgent, conditions: Conditions): Promise<string[]> {
  const { say } = conditions;
  const operator = await agent.connect();
  const channel = await operator.open("convocate-agent-rpc");
  await ping(channel, (pings) => pings < idlePings);
  const before = await agent.holding();
  const idle = await ping(channel, (pings) => pings < idlePings);
  let over = false;
  const flood = strangers(agent.port, conditions).finally(() => (over = true));
  const during = await ping(channel, () => !over);
  say(`connections: ${await flood}`);
  const after = await agent.holding();
  const late = await agent.connect();
  const { ok } = await late.call("ping");
  late.close();
  operator.close();
  say(
    `ping p50 ${ms(at(idle, 0.5))}, p99 ${ms(at(idle, 0.99))} while nobody knocks (${String(idle.length)} pings)`,
  );
  say(
    `ping p50 ${ms(at(during, 0.5))}, p99 ${ms(at(during, 0.99))} during the flood (${String(during.length)} pings)`,
  );
  say(`descriptors ${String(before.descriptors)} before, ${String(after.descriptors)} after`);
  say(`heap ${String(before.heap >> 20)} MiB before, ${String(after.heap >> 20)} MiB after`);
  const found = after.errors.map((line) => `logged: ${line}`);
  if (at(during, 0.99) > Math.max(enoughMs, slower * at(idle, 0.99)))
    found.push("an operator's pings were slowed too much");
  if (after.descriptors > before.descriptors) found.push("connections were left open");
  if (after.heap - before.heap > 16 * 2 ** 20) found.push("memory was kept");
  if (!ok) found.push("nobody gets in afterwards");
  return found;
}

export const flood: Campaign = {
  name: "flood",
  description:
    "connections that never authenticate, while an operator goes on working; nothing of them is left",
  options: [
    { name: "connections", description: "how many", value: 10_000 },
    { name: "together", description: "how many at a time", value: 200 },
  ],
  async run(conditions) {
    const agent = await WireAgent.start();
    try {
      return await attack(agent, conditions);
    } finally {
      await agent.close();
    }
  },
};
