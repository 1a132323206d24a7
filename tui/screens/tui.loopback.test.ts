import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { attachExit } from "../../protocol/attach.ts";
import type { FakeAgent } from "../client/agent.fake.ts";
import { eventually } from "../client/eventually.fake.ts";
import { FakeShellHost } from "../fleet.fake.ts";
import { Tmux } from "./tmux.fake.ts";

const node = join(import.meta.dirname, "../../node_modules/.bin/node");
const main = join(import.meta.dirname, "../main.ts");
const run = promisify(execFile);
let host: FakeShellHost;
let agent: FakeAgent;
let terminals: Tmux[];
beforeEach(async () => {
  terminals = [];
  host = new FakeShellHost();
  await host.fleet.listen();
  agent = await host.addAgent("a1", "agent-a");
  agent.add("api", { state: "running", running: true });
});
afterEach(async () => {
  await Promise.all(terminals.map((terminal) => terminal.end()));
  await host.close();
});

/** A shell whose terminal settings stand on the screen before and after the list ran in it. */
async function openList(size = { cols: 80, rows: 24 }, env = ""): Promise<Tmux> {
  const terminal = new Tmux();
  terminals.push(terminal);
  const list = `${env} ${node} ${main} ${host.options.join(" ")}`;
  await terminal.start(
    `echo "before:$(stty -g | cksum)"; ${list}; echo "exit:$?"; echo "after:$(stty -g | cksum)"; cat`,
    size,
  );
  await terminal.shows(" convocate ");
  return terminal;
}

/** The terminal is as it was: no alternate screen, a cursor, no mouse, the same line settings. */
async function expectSane(terminal: Tmux, status: number): Promise<void> {
  await terminal.shows("after:");
  const screen = await terminal.screen();
  expect(screen).toContain(`exit:${String(status)}`);
  const [, before] = /before:(.+)/.exec(screen) ?? [];
  const [, after] = /after:(.+)/.exec(screen) ?? [];
  expect(before).toBeDefined();
  expect(after).toBe(before);
  expect(await terminal.flag("alternate_on")).toBe("0");
  expect(await terminal.flag("cursor_flag")).toBe("1");
  expect(await terminal.flag("mouse_any_flag")).toBe("0");
}

const attached = () =>
  eventually(() => {
    const last = agent.terminals.at(-1);
    if (!last) throw new Error("nothing is attached");
    return last;
  });

test("N, the form, a session; Enter, its terminal; resize; detach, the list; Q, the prompt", async () => {
  const terminal = await openList({ cols: 200, rows: 60 });
  await terminal.shows(/1 R api +agent-a/);
  await terminal.press("n");
  await terminal.shows("-- New session on agent-a");
  await terminal.type("work 漢字");
  await terminal.press("Tab", "u", "Tab");
  await terminal.type("auto");
  await terminal.shows("> Port      auto");
  await terminal.press("Enter");
  await terminal.shows("created work 漢字");
  expect(await terminal.screen()).toMatch(/>1 - work 漢字/);
  expect(agent.calls.find(({ op }) => op === "create")?.params).toEqual({
    name: "work 漢字",
    port: -1,
    protocol: "udp",
    dns_name: "",
  });

  await terminal.press("Enter");
  await terminal.shows("attached to work 漢字 at 200x60");
  const session = await attached();
  await terminal.type("echo ü漢");
  await terminal.press("Down", "C-c", "q");
  await eventually(() => expect(session.received()).toBe("echo ü漢\x1b[B\x03q"));
  await terminal.resize({ cols: 90, rows: 30 });
  await eventually(() => expect(session.sizes.at(-1)).toEqual({ cols: 90, rows: 30 }));
  session.end(attachExit.detached);
  await terminal.shows(/1 R work 漢字/);
  expect((await terminal.screen()).split("\n")[29]).toContain("Q quit");
  await terminal.press("q");
  await expectSane(terminal, 0);
}, 60_000);

test("a session may name the window; back in the list it has the name that it had", async () => {
  const terminal = await openList();
  await terminal.name("mine");
  await terminal.press("Enter");
  await terminal.shows("attached to api");
  (await attached()).channel.write("\x1b]2;theirs\x07");
  await eventually(async () => expect(await terminal.flag("pane_title")).toBe("theirs"));
  (await attached()).end(attachExit.detached);
  await terminal.shows(" convocate ");
  await eventually(async () => expect(await terminal.flag("pane_title")).toBe("mine"));
}, 60_000);

test("events are on the screen: an agent added, a session stopped, one gone", async () => {
  const terminal = await openList();
  const other = await host.addAgent("a2", "agent-b");
  const made = other.add("second", { state: "running", running: true });
  await terminal.shows(/R second +agent-b/);
  await terminal.shows("2 agents");
  other.put({ ...made, running: false, state: "stopped" });
  await terminal.shows(/- second/);
  host.fleet.tell({ type: "agent.removed", agent_id: "a2" });
  await terminal.hides("second");
}, 60_000);

test("kill, restart and delete are asked and done; what is refused is said", async () => {
  const terminal = await openList();
  await terminal.shows("R api");
  await terminal.press("k");
  await terminal.shows("-- Kill api?");
  await terminal.press("y");
  await terminal.shows("- api");
  await terminal.press("r", "y");
  await terminal.shows("R api");
  await terminal.press("d");
  await terminal.shows("-- Delete api?");
  await terminal.press("Escape");
  await terminal.hides("-- Delete");
  expect(agent.sessions.size).toBe(1);
  await terminal.press("d", "y");
  await terminal.shows("No session yet");
  expect(agent.calls.map(({ op }) => op).filter((op) => /kill|restart|delete/.test(op))).toEqual([
    "kill",
    "restart",
    "delete",
  ]);
}, 60_000);

test("a port that is taken is said in the form, and what was typed is still there", async () => {
  agent.add("web", { port: 8080 });
  const terminal = await openList();
  await terminal.press("n");
  await terminal.type("mine");
  await terminal.press("Tab", "Tab");
  await terminal.type("8080");
  await terminal.press("Enter");
  await terminal.shows("port 8080/tcp is already assigned to another session");
  await terminal.shows("Name      mine");
  await terminal.press("BSpace");
  await terminal.type("1");
  await terminal.press("Enter");
  await terminal.shows(/- mine +agent-a +\d+s +8081\/tcp/);
}, 60_000);

test("a dropped link under an open attach is said and comes back by itself", async () => {
  const terminal = await openList();
  await terminal.shows("R api");
  await terminal.press("Enter");
  const first = await attached();
  await agent.close();
  await terminal.shows("Q for the list");
  await agent.listen();
  await terminal.shows("is back", 40_000);
  await eventually(() => expect(agent.terminals).toHaveLength(2));
  await terminal.type("typed");
  const second = await attached();
  expect(second).not.toBe(first);
  await eventually(() => expect(second.received()).toBe("typed"));
  second.end(attachExit.sessionEnded);
  await terminal.shows("session api ended");
}, 60_000);

test("an agent that dies dims its rows with the reason, and is back without a restart", async () => {
  const terminal = await openList();
  await terminal.shows("R api");
  await eventually(() => expect(agent.connections).toBe(1));
  await agent.close();
  await terminal.shows(/R api .*unreachable \d+s: /);
  await agent.listen();
  // The next try may be seconds away.
  await terminal.hides("unreachable", 40_000);
}, 60_000);

test.each([
  ["SIGTERM", 143],
  ["SIGHUP", 129],
  ["SIGINT", 130],
] as const)(
  "%s leaves a sane terminal",
  async (signal, status) => {
    const terminal = await openList();
    process.kill(await childOf(terminal), signal);
    await expectSane(terminal, status);
  },
  60_000,
);

test("a crash leaves a sane terminal, and says what crashed", async () => {
  const crash = "data:text/javascript,process.once('SIGUSR2',()=>{throw(new(Error)('boom'))})";
  const terminal = await openList({ cols: 80, rows: 24 }, `NODE_OPTIONS="--import=${crash}"`);
  process.kill(await childOf(terminal), "SIGUSR2");
  await expectSane(terminal, 1);
  await terminal.shows("boom");
}, 60_000);

test("kill -9 of one list disturbs no other", async () => {
  const [victim, other] = [await openList(), await openList()];
  process.kill(await childOf(victim), "SIGKILL");
  await victim.shows("exit:137");
  agent.add("still here");
  await other.shows("still here");
  await other.press("q");
  await expectSane(other, 0);
}, 60_000);

test("hostile names and input neither garble the screen nor act", async () => {
  agent.add("e\x1b[2J\x1b]0;pwned\x07\u202evil\u009b31m");
  const terminal = await openList({ cols: 80, rows: 24 }, "NO_COLOR=1");
  await terminal.shows("e?[2J?]0;pwned?vil?31m".slice(0, 15));
  // Answers and pastes that would quit, kill or delete if they were taken for keys; a character cut by a read.
  for (const bytes of ["\x1b[?1;2c", "\x1b]11;rgb:0/0/0\x07", "\x1b[200~dyq\r\x1b[201~", "\x1b[1;5D"]) {
    await terminal.type(bytes);
  }
  await terminal.press("-H", "e6", "bc");
  await terminal.press("-H", "a2");
  await terminal.press("?");
  await terminal.shows("-- Keys");
  // The full reload asks for a list.
  expect(agent.calls.every(({ op }) => op === "capabilities" || op === "list")).toBe(true);
}, 60_000);

test("Ctrl-Z where no shell could bring the list back: it is back at once", async () => {
  const terminal = await openList();
  await terminal.press("C-z", "?");
  await terminal.shows("-- Keys");
  await terminal.press("Escape");
  await terminal.hides("-- Keys");
  await terminal.press("q");
  await expectSane(terminal, 0);
}, 60_000);

test("stopped by somebody else while others used the terminal, it draws all anew and hears keys", async () => {
  const terminal = await openList();
  await terminal.shows("R api");
  const list = await childOf(terminal);
  process.kill(list, "SIGSTOP");
  const tty = await terminal.flag("pane_tty");
  await run("stty", ["-F", tty, "sane"]);
  await writeFile(tty, "\x1b[?1049l\x1b[10;3Hgarbage");
  await terminal.shows("garbage");
  process.kill(list, "SIGCONT");
  await terminal.shows("R api");
  await terminal.hides("garbage");
  await terminal.press("q");
  await expectSane(terminal, 0);
}, 60_000);

test("SIGTERM under an open attach leaves a sane terminal, whatever the session switched on", async () => {
  const terminal = await openList();
  await terminal.shows("R api");
  await terminal.press("Enter");
  await terminal.shows("attached to api");
  (await attached()).channel.write("\x1b[?1000h\x1b[?25l\x1b[5;10r");
  await eventually(async () => expect(await terminal.flag("mouse_any_flag")).toBe("1"));
  process.kill(await childOf(terminal), "SIGTERM");
  await expectSane(terminal, 143);
}, 60_000);

test("a terminal that is gone ends the list", async () => {
  const terminal = await openList();
  const list = await childOf(terminal);
  await terminal.end();
  terminals.splice(terminals.indexOf(terminal), 1);
  await eventually(() => expect(() => process.kill(list, 0)).toThrow("ESRCH"));
}, 60_000);

/** The list's process: the shell's only child. */
async function childOf(terminal: Tmux): Promise<number> {
  const shell = await terminal.flag("pane_pid");
  const children = await readFile(`/proc/${shell}/task/${shell}/children`, "utf8");
  const pid = Number(children.trim().split(" ")[0]);
  if (!pid) throw new Error(`process ${shell} has no child`);
  return pid;
}
