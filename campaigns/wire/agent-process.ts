/**
 * An agent with an engine in memory, in a process of its own: `node --expose-gc agent-process.ts [FOLDER]`, with the folder
 * of one that was killed. Says in one line of JSON where it listens; then, for every line it is sent, does it and says in one
 * line how much memory it has. Ends with its input.
 */
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { ScratchAgent } from "../../daemons/agent/scratch-agent.ts";
import type { TerminalSpec } from "../../daemons/docker/engine.ts";
import { FakeEngine } from "../../daemons/docker/engine.fake.ts";

/** Remembers no terminal: what a test looks at later is a leak here. */
class ForgetfulEngine extends FakeEngine {
  override async openTerminal(spec: TerminalSpec) {
    const terminal = await super.openTerminal(spec);
    this.terminals.length = 0;
    this.helpers.length = 0;
    return terminal;
  }
}

const engine = new ForgetfulEngine();
engine.images.add("convocate:1");
const agent = new ScratchAgent({ engine, image: "convocate:1" });
const [, , folder] = process.argv;
if (folder === undefined) await agent.open();
else {
  agent.folder = folder;
  await agent.start();
}

const say = (value: unknown) => console.log(JSON.stringify(value));
/** Collects garbage until what is gone is gone: streams end over several turns. */
async function memory() {
  for (let turn = 0; turn < 5; turn++) {
    globalThis.gc?.();
    await sleep(20);
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed + external };
}
const where = () => ({
  port: agent.port,
  privateKey: agent.operator.privateKey,
  shellKey: agent.fromShell.privateKey,
  hostKey: agent.hostKey.publicKey,
  stateDir: agent.stateDir,
  homes: agent.homes,
});

say(where());
for await (const line of createInterface(process.stdin)) {
  const errors = agent.log.lines.filter(({ level }) => level === "error").map((told) => JSON.stringify(told));
  agent.log.lines.length = 0;
  if (line === "restart") {
    await agent.stop();
    await agent.start();
  }
  say({ ...where(), ...(await memory()), errors });
}
await agent.close();
process.exit(0);
