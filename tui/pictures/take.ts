import { version } from "../../protocol/version.ts";
import { join } from "node:path";
import { FakeShellHost, fleetAgent } from "../fleet.fake.ts";
import { Tmux } from "../screens/tmux.fake.ts";
import { readCells } from "./cells.ts";
import { agents, contested, orphan, sessions } from "./fleet.ts";
import { scenes } from "./scenes.ts";
import { svgOf } from "./svg.ts";

const node = join(import.meta.dirname, "../../node_modules/.bin/node");
const main = join(import.meta.dirname, "../main.ts");
const still = join(import.meta.dirname, "still.ts");
const size = { cols: 100, rows: 20 };

/** The pictures by file name, taken of the list itself in a terminal; the fleet it shows is made up. */
export async function takePictures(): Promise<Map<string, string>> {
  const host = new FakeShellHost();
  const terminal = new Tmux();
  try {
    await host.fleet.listen();
    await populate(host);
    const list = `TZ=UTC NO_COLOR= NODE_OPTIONS=--import=${still} ${node} ${main} ${host.options.join(" ")}`;
    await terminal.start(list, size);
    const pictures = new Map<string, string>();
    for (const { file, title, play, until } of scenes) {
      await terminal.shows("Q quit");
      await play(terminal);
      await terminal.shows(until);
      pictures.set(`${file}.svg`, await take(terminal, title));
      // In the list it would quit.
      if (file !== "list") await terminal.press("Escape");
    }
    return pictures;
  } finally {
    await terminal.end();
    await host.close();
  }
}

async function populate(host: FakeShellHost): Promise<void> {
  host.fleet.tell({ type: "contested", names: contested });
  host.fleet.tell({ type: "orphans", orphans: [orphan] });
  for (const { id, ...more } of agents) {
    const agent = more.health === "up" ? await host.addAgent(id, id) : null;
    const known = host.fleet.agents.find(({ agent_id }) => agent_id === id);
    host.fleet.tell({ type: "agent", agent: { ...fleetAgent(id, id), ...known, ...more, version } });
    for (const session of sessions) {
      if (session.agent_id !== id) continue;
      if (agent) agent.put(session);
      else host.fleet.tell({ type: "session", session });
    }
  }
}

/** The screen, once nothing moves on it any more. */
async function take(terminal: Tmux, title: string): Promise<string> {
  const look = async () => {
    const visible = (await terminal.flag("cursor_flag")) === "1";
    const [col, row] = [Number(await terminal.flag("cursor_x")), Number(await terminal.flag("cursor_y"))];
    const cells = await readCells(await terminal.colored(), size);
    return svgOf({ cells, cursor: visible ? { row, col } : null }, title);
  };
  let seen = await look();
  for (let looks = 0; looks < 100; looks += 1) {
    const again = await look();
    if (again === seen) return again;
    seen = again;
  }
  throw new Error(`the screen of ${title} never stands still`);
}
