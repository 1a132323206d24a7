/** A list of eight agents of which three are not well: it waits for none of them. */
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { FakeAgent } from "../client/agent.fake.ts";
import { eventually } from "../client/eventually.fake.ts";
import { FakeShellHost } from "../fleet.fake.ts";
import { Tmux } from "./tmux.fake.ts";

const node = join(__dirname, "../../node_modules/.bin/node");
const main = join(__dirname, "../main.ts");
let host: FakeShellHost;
let terminal: Tmux;
let agents: FakeAgent[];
let dead: Server;
let silent: Socket[];
let flapping: NodeJS.Timeout;

beforeEach(async () => {
  terminal = new Tmux();
  host = new FakeShellHost();
  silent = [];
  agents = [];
  await host.fleet.listen();
  for (let n = 1; n <= 8; n += 1) {
    const agent = await host.addAgent(`a${String(n)}`, `host-${String(n)}`);
    agent.add(`on ${String(n)}`, { state: "running", running: true });
    agents.push(agent);
  }
  const last = agents.at(-1);
  await last?.close();
  // Accepts and never says a word: the worst way to be dead.
  dead = createServer((socket) => silent.push(socket.on("error", () => {})));
  await new Promise<void>((resolve) => dead.listen(last?.port, "127.0.0.1", resolve));
  flapping = setInterval(() => agents[6]?.cut(), 200);
});
afterEach(async () => {
  clearInterval(flapping);
  await terminal.end();
  for (const socket of silent) socket.destroy();
  await new Promise((resolve) => dead.close(resolve));
  await host.close();
});

/** Moves the highlight to this session. */
async function choose(name: string): Promise<void> {
  await terminal.press("Home");
  for (let row = 0; row < 8; row += 1) {
    const marked = (await terminal.screen()).split("\n").find((line) => line.startsWith(">"));
    if (marked?.includes(name)) return;
    await terminal.press("Down");
    // The highlight has moved when another line has it.
    await eventually(async () => {
      const now = (await terminal.screen()).split("\n").find((line) => line.startsWith(">"));
      if (now === marked) throw new Error(`the highlight stays on ${String(marked)}`);
    });
  }
  throw new Error(`no row ${name}:\n${await terminal.screen()}`);
}

test("one dead, one that does not answer, one flapping: all rows are there, keys act, others' operations are done", async () => {
  let answer = (): void => {};
  const slow = agents[5];
  if (!slow) throw new Error("eight agents were made");
  slow.slowness = new Promise((resolve) => (answer = resolve));
  await terminal.start(`NO_COLOR=1 ${node} ${main} ${host.options.join(" ")}`, { cols: 120, rows: 30 });
  for (let n = 1; n <= 8; n += 1) await terminal.shows(`on ${String(n)}`);

  // The slow agent is asked, and has not answered yet.
  await choose("on 6");
  await terminal.press("k");
  await terminal.shows("-- Kill on 6?");
  await terminal.press("y");
  await terminal.hides("-- Kill");
  await terminal.press("?");
  await terminal.shows("-- Keys");
  await terminal.press("Escape");
  await terminal.hides("-- Keys");
  await choose("on 2");
  await terminal.press("k");
  await terminal.shows("-- Kill on 2?");
  await terminal.press("y");
  await terminal.shows(/- on 2/);
  expect(await terminal.screen()).toMatch(/R on 6/);

  answer();
  await terminal.shows(/- on 6/);
  clearInterval(flapping);
  await choose("on 7");
  await eventually(() => expect(agents[6]?.connections).toBe(1), 60_000);
}, 120_000);
