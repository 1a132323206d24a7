/** Two lists are open while the status daemon is killed: real daemon, real SSH, real terminals. */
import { join } from "node:path";
import { FakeAgent } from "../../tui/client/agent.fake.ts";
import { Tmux } from "../../tui/screens/tmux.fake.ts";
import { Random } from "../random.ts";
import { StormFleet } from "./fleet.ts";
import { StatusProcess } from "./status-process.ts";

jest.setTimeout(120_000);

const root = join(__dirname, "../..");
const daemon = new StatusProcess(join(root, "daemons/status/main.ts"));
const fleet = new StormFleet();
const terminals = [new Tmux(), new Tmux()];
const fakes: FakeAgent[] = [];

beforeAll(async () => {
  await fleet.open(daemon, { agents: 2, sessions: 3 }, new Random(1));
  for (const agent of fleet.agents) {
    // The same agent's other side, which lists call: the same sessions.
    const fake = Object.assign(new FakeAgent(agent.id), { sessions: agent.sessions });
    fakes.push(fake);
    await fake.listen();
    await fake.register(join(daemon.folder, "agent-keys"), agent.id);
    agent.dial();
  }
  await fleet.settled(30_000);
});
afterAll(async () => {
  await Promise.all(terminals.map((terminal) => terminal.end()));
  fleet.close();
  await Promise.all(fakes.map((fake) => fake.close()));
  await daemon.close();
});

const everywhere = (check: (terminal: Tmux) => Promise<void>) => Promise.all(terminals.map(check));

test("the status daemon killed with -9 under two open lists: they say so, come back by themselves, and are right", async () => {
  const node = join(root, "node_modules/.bin/node");
  const places = ["--socket", daemon.socket, "--agent-keys", join(daemon.folder, "agent-keys")];
  const list = [node, join(root, "tui/main.ts"), ...places].join(" ");
  await everywhere((terminal) => terminal.start(list, { cols: 120, rows: 24 }));
  await everywhere((terminal) => terminal.shows("change 0", 30_000));

  await daemon.kill();
  await everywhere((terminal) => terminal.shows("status daemon does not answer", 30_000));
  const [first, second] = fleet.agents;
  // What changes now nobody is told of; the last one of each agent keeps its name.
  for (let n = 0; n < 20; n += 1) first?.change();
  for (let n = 0; n < 30; n += 1) second?.change();
  // Keys work meanwhile.
  for (const terminal of terminals) await terminal.press("?");
  await everywhere((terminal) => terminal.shows("-- Keys"));
  for (const terminal of terminals) await terminal.press("Escape");

  await daemon.start();
  for (const name of ["change 20", "change 30"]) await everywhere((terminal) => terminal.shows(name, 60_000));
  await everywhere((terminal) => terminal.hides("does not answer", 30_000));
  await everywhere((terminal) => terminal.hides("unreachable", 60_000));
  await fleet.settled(60_000);
  expect([...fleet.found, ...daemon.complaints]).toEqual([]);

  // Events flow again, not only what was told at the start.
  first?.change();
  await everywhere((terminal) => terminal.shows("change 21"));
  const rows = async (terminal: Tmux) =>
    (await terminal.screen()).split("\n").filter((line) => line.includes("change ")).length;
  for (const terminal of terminals) expect(await rows(terminal)).toBe(6);
});
