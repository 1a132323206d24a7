import { join } from "node:path";
import type { FakeAgent } from "../client/agent.fake.ts";
import { eventually } from "../client/eventually.fake.ts";
import { FakeShellHost } from "../fleet.fake.ts";
import type { Command } from "../keys.ts";
import { frameOf } from "../render/frame.ts";
import { lineText } from "../render/line.ts";
import { after, snapshot } from "../state/fleet.fake.ts";
import { leastRows, stories } from "./key-stories.fake.ts";
import { Resizing } from "./resizing.fake.ts";
import { Tmux } from "./tmux.fake.ts";

const node = join(import.meta.dirname, "../../node_modules/.bin/node");
const main = join(import.meta.dirname, "../main.ts");

/** What tmux calls the keys that it does not call as they are written. */
const tmuxNames: Record<string, string> = {
  UP: "Up",
  DOWN: "Down",
  PAGE_UP: "PPage",
  PAGE_DOWN: "NPage",
  HOME: "Home",
  END: "End",
  ENTER: "Enter",
  ESCAPE: "Escape",
  CTRL_C: "C-c",
  CTRL_Z: "C-z",
};

/** A terminal in which the stories play, with what stands in front of the list's command line. */
export interface Setting {
  size: { cols: number; rows: number };
  env?: string;
  /** The seed of sizes that the terminal gets during a story. */
  resizing?: number;
}

/** A list with a fleet of its own, for one story after the other. */
export class KeyStage {
  readonly #host = new FakeShellHost();
  readonly #terminal = new Tmux();
  readonly #env: string;
  readonly #seed: number | undefined;
  #agent: FakeAgent | null = null;
  #size: Setting["size"];
  #running = false;
  #told = 0;

  constructor({ size, env = "", resizing }: Setting) {
    this.#size = size;
    this.#env = env;
    this.#seed = resizing;
  }

  async open(): Promise<void> {
    await this.#host.fleet.listen();
    this.#agent = await this.#host.addAgent("a1", "agent-a");
    // A shell that knows jobs: Ctrl-Z is one of the keys.
    await this.#terminal.start("PS1='$ ' bash --norc --noprofile -i", this.#size);
  }

  async close(): Promise<void> {
    await this.#terminal.end();
    await this.#host.close();
  }

  /** Tells the story of `command` with the key `name`, on a list that is as it should be. */
  async tell(name: string, command: Command): Promise<void> {
    const agent = this.#agent;
    if (!agent) throw new Error("the stage is not open");
    this.#populate(agent);
    await this.#settle();
    const terminal = this.#terminal;
    // tmux sends the keypad's own Enter only to programs that ask for it.
    const press = () =>
      name === "KP_ENTER" ? terminal.type("\x1bOM") : terminal.press(tmuxNames[name] ?? name);
    const resizing = this.#resizing(command);
    resizing?.start();
    try {
      await stories[command]({ terminal, agent, host: this.#host, press, name });
    } finally {
      await resizing?.stop();
      if (resizing) this.#size = resizing.size;
    }
    if (command === "quit") this.#running = false;
    // Any key closes these.
    if (command === "help" || command === "settings") await terminal.press("x");
  }

  #resizing(command: Command): Resizing | null {
    if (this.#seed === undefined) return null;
    this.#told += 1;
    const least = { cols: 40, rows: leastRows[command] ?? 10 };
    return new Resizing(this.#terminal, { seed: this.#seed * 1_000 + this.#told, size: this.#size, least });
  }

  /** Sessions s01 to s70, and no others. */
  #populate(agent: FakeAgent): void {
    for (const { uuid } of agent.sessions.values())
      this.#host.fleet.tell({ type: "session.removed", agent_id: "a1", session_id: uuid });
    agent.sessions.clear();
    this.#host.fleet.tell({ type: "orphans", orphans: [] });
    agent.calls.length = 0;
    for (let i = 1; i <= 70; i += 1) {
      const last_accessed = new Date(Date.now() - 86_400_000 - i * 1_000).toISOString();
      agent.add(`s${String(i).padStart(2, "0")}`, { last_accessed });
    }
  }

  /** The list runs, its first row is highlighted, and every line of the screen is what the fleet makes it. */
  async #settle(): Promise<void> {
    if (!this.#running) {
      await this.#terminal.type(`clear; ${this.#env} ${node} ${main} ${this.#host.options.join(" ")}`);
      await this.#terminal.press("Enter");
      await this.#terminal.shows(" convocate ", 20_000);
    }
    this.#running = true;
    await this.#terminal.press("Home");
    await eventually(async () => {
      const shown = (await this.#terminal.screen()).split("\n").slice(0, this.#size.rows);
      expect(shown.map(timeless)).toEqual(this.#expected().map(timeless));
    }, 20_000);
  }

  /** The screen of a list that nothing has happened to. */
  #expected(): string[] {
    const { agents, sessions } = this.#host.fleet;
    const now = Date.now();
    const { state } = after([snapshot(agents, sessions), { type: "tick", now, load: 0 }], this.#size);
    return frameOf(state).lines.map(lineText);
  }
}

/** A line without what moves by itself: ages, and load and clock at the end of the title. */
const timeless = (line: string): string =>
  line
    .replace(/\b\d+[smhdwy]\b */g, "AGE ")
    .replace(/ *~? *load .*/, "")
    .trimEnd();
