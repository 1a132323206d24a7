import { existsSync } from "node:fs";
import { join } from "node:path";
import { attachExit } from "../../protocol/attach.ts";
import type { FakeAgent } from "../client/agent.fake.ts";
import { eventually } from "../client/eventually.fake.ts";
import type { FakeShellHost } from "../fleet.fake.ts";
import { keys, type Command } from "../keys.ts";
import type { Tmux } from "./tmux.fake.ts";

/** Where a story plays: it leaves nothing under way, so that the next one begins on a quiet screen. */
export interface Stage {
  terminal: Tmux;
  agent: FakeAgent;
  host: FakeShellHost;
  /** Presses the key that the story is about. */
  press: () => Promise<void>;
  /** The key's name in the table. */
  name: string;
}

const calls = ({ agent }: Stage, op: string) => agent.calls.filter((call) => call.op === op);
const uuidOf = ({ agent }: Stage, name: string): string =>
  [...agent.sessions.values()].find((session) => session.name === name)?.uuid ?? "";

/** Makes `name` the first row, in the state that its key wants. */
async function only(stage: Stage, state: "stopped" | "locked" | "running" | "connected"): Promise<void> {
  const known = stage.agent.sessions.get(uuidOf(stage, "subject"));
  const running = state === "running" || state === "connected";
  if (known) stage.agent.put({ ...known, state, running });
  else stage.agent.add("subject", { state, running });
  const char = { stopped: "-", locked: "L", running: "R", connected: "C" }[state];
  await stage.terminal.shows(`1 ${char} subject`);
  await stage.terminal.press("Home");
  await stage.terminal.shows(new RegExp(`>1 ${char} subject`));
}

/** An orphan as the first row; its UUID. */
async function orphaned({ host, terminal }: Stage, port = 0): Promise<string> {
  const { uuid } = host.layOrphan("lost", { ...(port && { port }) });
  await terminal.shows("1 O lost");
  await terminal.press("Home");
  await terminal.shows(/>1 O lost/);
  return uuid;
}

async function attachesTo(stage: Stage, name: string): Promise<void> {
  await stage.press();
  await stage.terminal.shows(`attached to ${name}`);
  stage.agent.terminals.at(-1)?.end(attachExit.detached);
  await stage.terminal.shows(" convocate ");
}

/** A story for every key of the table: it begins with sessions s01 to s70, the first of them highlighted. */
export const stories: Record<Command, (stage: Stage) => Promise<void>> = {
  async up({ terminal, press }) {
    await terminal.press("Down", "Down");
    await terminal.shows(/>3 . s03/);
    await press();
    await terminal.shows(/>2 . s02/);
  },
  async down({ terminal, press }) {
    await press();
    await terminal.shows(/>2 . s02/);
  },
  async "page-up"({ terminal, press }) {
    await terminal.press("End");
    await terminal.shows(/>. . s70/);
    await press();
    await terminal.shows(/>. . s(?!70)\d\d/);
  },
  async "page-down"({ terminal, press }) {
    await press();
    await terminal.shows(/>. . s(?!01)\d\d/);
  },
  async first({ terminal, press }) {
    await terminal.press("End");
    await terminal.shows(/>. . s70/);
    await press();
    await terminal.shows(/>1 . s01/);
  },
  async last({ terminal, press }) {
    await press();
    await terminal.shows(/>. . s70/);
  },
  attach: (stage) => attachesTo(stage, "s01"),
  "attach-nth": (stage) => attachesTo(stage, `s0${stage.name}`),
  async new(stage) {
    await stage.press();
    await stage.terminal.shows("-- New session on agent-a");
    await stage.terminal.type("made");
    await stage.terminal.press("Enter");
    await stage.terminal.shows(/>1 - made/);
    await stage.terminal.shows("created made");
  },
  async clone(stage) {
    await only(stage, "running");
    await stage.press();
    await stage.terminal.shows("-- Clone subject on agent-a");
    await stage.terminal.type("twin");
    await stage.terminal.press("Enter");
    await stage.terminal.shows('session "subject" is running: kill it, then clone it');
    await stage.terminal.press("Escape");
    await only(stage, "stopped");
    await stage.press();
    await stage.terminal.type("twin");
    await stage.terminal.press("Enter");
    await stage.terminal.shows(/>1 - twin/);
    await stage.terminal.shows("created twin");
  },
  async edit(stage) {
    await only(stage, "running");
    await stage.press();
    await stage.terminal.shows("-- Edit subject on agent-a");
    await stage.terminal.press("C-u");
    await stage.terminal.type("renamed");
    await stage.terminal.press("Tab", "u", "Tab");
    await stage.terminal.type("53");
    await stage.terminal.press("Enter");
    await stage.terminal.shows("-- Kill and restart renamed");
    await stage.terminal.press("y");
    await stage.terminal.shows("restarted renamed");
    await stage.terminal.shows(/R renamed .*53\/udp/);
    const id = uuidOf(stage, "renamed");
    const done = stage.agent.calls
      .filter(({ op }) => op === "edit" || op === "kill" || op === "restart")
      .map(({ op, params }) => [op, params?.["id"]]);
    expect(done).toEqual([
      ["edit", id],
      ["kill", id],
      ["restart", id],
    ]);
  },
  async background(stage) {
    await only(stage, "connected");
    await stage.press();
    await stage.terminal.shows("detached everyone from subject");
    await stage.terminal.shows(/R subject/);
  },
  async kill(stage) {
    await only(stage, "running");
    await stage.press();
    await stage.terminal.shows("-- Kill subject?");
    await stage.terminal.press("n");
    await stage.terminal.hides("-- Kill");
    expect(calls(stage, "kill")).toEqual([]);
    await stage.press();
    await stage.terminal.press("y");
    await stage.terminal.shows("killed subject");
    await stage.terminal.shows(/- subject/);
  },
  async delete(stage) {
    await only(stage, "stopped");
    await stage.press();
    await stage.terminal.shows("-- Delete subject?");
    await stage.terminal.press("y");
    await stage.terminal.shows("deleted subject");
    await stage.terminal.hides(">1 - subject");
    expect(uuidOf(stage, "subject")).toBe("");
    const orphan = await orphaned(stage);
    await stage.press();
    await stage.terminal.shows("-- Delete the orphan lost?");
    await stage.terminal.press("y");
    await stage.terminal.shows("deleted lost");
    expect(existsSync(join(stage.host.homes, orphan))).toBe(false);
    stage.host.forget(orphan);
    await stage.terminal.hides(">1 O lost");
  },
  async adopt(stage) {
    const orphan = await orphaned(stage, 8080);
    stage.agent.add("holder", { port: 8080, last_accessed: "2020-01-01T00:00:00Z" });
    await stage.press();
    await stage.terminal.shows("-- Adopt lost on agent-a");
    await stage.terminal.press("Enter");
    await stage.terminal.shows("port 8080/tcp is already assigned to another session");
    expect(existsSync(join(stage.host.homes, orphan))).toBe(true);
    await stage.terminal.press("Tab", "Tab", "C-u");
    await stage.terminal.type("8081");
    await stage.terminal.press("Enter");
    await stage.terminal.shows("adopted lost");
    await stage.terminal.shows(/>1 - lost/);
    expect(stage.agent.sessions.get(orphan)).toMatchObject({ name: "lost", port: 8081 });
    expect(stage.agent.imported.get(orphan)?.includes("of lost")).toBe(true);
    await eventually(() => expect(existsSync(join(stage.host.homes, orphan))).toBe(false), 20_000);
  },
  async override(stage) {
    await only(stage, "locked");
    await stage.press();
    await stage.terminal.shows("-- Override the lock of subject?");
    await stage.terminal.press("y");
    await stage.terminal.shows("overrode the lock of subject");
    await stage.terminal.shows(/- subject/);
    expect(calls(stage, "override")).toHaveLength(1);
  },
  async restart(stage) {
    await only(stage, "stopped");
    await stage.press();
    await stage.terminal.shows("-- Start subject?");
    await stage.terminal.press("y");
    await stage.terminal.shows("started subject");
    await stage.terminal.shows(/R subject/);
  },
  async filter({ terminal, press }) {
    await press();
    await terminal.type("S42");
    await terminal.shows("-- Filter: 1 of 70");
    await terminal.shows(/>1 . s42/);
    await terminal.press("Enter");
    await terminal.shows("filter: S42 (1 of 70)");
    await terminal.press("Escape");
    await terminal.shows(/>. . s42/);
    await terminal.hides("filter: S42");
  },
  async settings({ terminal, press }) {
    await press();
    await terminal.shows("-- Settings");
    await terminal.shows(/agent-a +up /);
  },
  async suspend({ terminal, press }) {
    await press();
    await terminal.shows("Stopped");
    expect(await terminal.flag("alternate_on")).toBe("0");
    expect(await terminal.flag("cursor_flag")).toBe("1");
    // The shell has a terminal that echoes.
    await terminal.type("echo $((40+2))");
    await terminal.press("Enter");
    await terminal.shows(/^42$/m);
    await terminal.type("fg");
    await terminal.press("Enter");
    await terminal.shows(/>1 . s01/);
    expect(await terminal.flag("alternate_on")).toBe("1");
    await terminal.press("Down");
    await terminal.shows(/>2 . s02/);
  },
  async help({ terminal, press }) {
    await press();
    await terminal.shows("-- Keys");
    await eventually(async () => {
      const screen = await terminal.screen();
      for (const { does } of keys) expect(screen).toContain(does);
    }, 20_000);
  },
  async quit({ terminal, press }) {
    await press();
    await eventually(async () => expect(await terminal.flag("alternate_on")).toBe("0"), 10_000);
    await terminal.type("echo status:$?");
    await terminal.press("Enter");
    await terminal.shows(/^status:0$/m);
  },
};

/** Lines of the screen that a story needs, where 10 are too few. */
export const leastRows: Partial<Record<Command, number>> = { "attach-nth": 14 };
