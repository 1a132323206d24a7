import { ConvocateError } from "../../protocol/errors.ts";
import { selectedRow } from "./list.ts";
import { reduce } from "./reduce.ts";
import { after, ago, anAgent, aSession, noon, press, snapshot, type } from "./fleet.fake.ts";

const two = snapshot([anAgent("a")], [aSession(2), aSession(1)]);
const down = (message = "gone") => new ConvocateError("unreachable", message);

test("rows are sorted by last access, newest first; odd times come last", () => {
  const { state } = after([
    snapshot([anAgent("a")], [aSession(3), aSession(1), aSession(2, { last_accessed: "?" })]),
  ]);
  expect(state.rows.map((row) => row.session.name)).toEqual(["session 1", "session 3", "session 2"]);
});

test("the highlight stays on its session when rows move, and near it when it is gone", () => {
  const touched = aSession(2, { last_accessed: ago(0) });
  const { state } = after([
    two,
    ...press("DOWN"),
    { type: "fleet", message: { type: "session", session: touched } },
  ]);
  expect(state.rows.map((row) => row.session.name)).toEqual(["session 2", "session 1"]);
  expect(selectedRow(state)?.session.name).toBe("session 2");
  const { uuid } = touched;
  const gone = after([
    two,
    { type: "fleet", message: { type: "session.removed", agent_id: "a", session_id: uuid } },
  ]);
  expect(selectedRow(gone.state)?.session.name).toBe("session 1");
});

test("an agent that is added is there; one that is removed takes its sessions along", () => {
  const { state } = after([two, { type: "fleet", message: { type: "agent", agent: anAgent("b") } }]);
  expect([...state.fleet.agents.keys()]).toEqual(["a", "b"]);
  const removed = after([two, { type: "fleet", message: { type: "agent.removed", agent_id: "a" } }]);
  expect(removed.state.rows).toEqual([]);
});

test("trouble: the status daemon's word, else our own link's; the age is that of the first failure", () => {
  const link = { type: "link", agentId: "a", down: down("refused") } as const;
  const { state } = after([two, link, { type: "tick", now: noon + 5000, load: 0 }, link]);
  expect(state.rows[0]?.trouble).toEqual({ reason: "refused", since: ago(0) });
  const back = after([two, link, { type: "link", agentId: "a", down: null }]);
  expect(back.state.rows[0]?.trouble).toBeNull();
  const silent = anAgent("a", { health: "silent", since: ago(90), reason: "no heartbeat for 90 s" });
  expect(after([snapshot([silent], [aSession(1)])]).state.rows[0]?.trouble).toEqual({
    reason: "no heartbeat for 90 s",
    since: ago(90),
  });
});

test("the last known list stays while the status daemon is away, and the next message ends that", () => {
  const away = after([two, { type: "status-down", error: down() }]);
  expect(away.state.rows).toHaveLength(2);
  expect(away.state.status).toMatchObject({ reason: "gone" });
  expect(after([two, { type: "status-down", error: down() }, two]).state.status).toBeNull();
});

test("an agent's list heals what an event lost; one asked before an event is not believed", () => {
  const listed = { type: "listed" as const, agentId: "a", sessions: [aSession(7)] };
  const version = after([two]).state.fleet.versions.get("a") ?? 0;
  expect(after([two, { ...listed, version }]).state.rows.map((row) => row.session.name)).toEqual([
    "session 7",
  ]);
  const changed = { type: "fleet", message: { type: "session", session: aSession(3) } } as const;
  expect(after([two, changed, { ...listed, version }]).state.rows).toHaveLength(3);
});

test("keys move the highlight, page and jump, and never leave the list", () => {
  const many = snapshot(
    [anAgent("a")],
    Array.from({ length: 50 }, (_, i) => aSession(i)),
  );
  const at = (...names: string[]) => selectedRow(after([many, ...press(...names)]).state)?.session.name;
  expect(at("DOWN", "DOWN", "UP")).toBe("session 1");
  expect(at("UP")).toBe("session 0");
  expect(at("END")).toBe("session 49");
  expect(at("END", "DOWN", "PAGE_DOWN")).toBe("session 49");
  expect(at("PAGE_DOWN")).toBe("session 20");
  expect(at("PAGE_DOWN", "PAGE_UP")).toBe("session 0");
  expect(at("END", "HOME")).toBe("session 0");
});

test("Enter and the numbers beside the rows attach, also after scrolling; there is nothing to attach to in no list", () => {
  const attached = (...names: string[]) =>
    after([
      snapshot(
        [anAgent("a")],
        Array.from({ length: 30 }, (_, i) => aSession(i)),
      ),
      ...press(...names),
    ]).effects;
  expect(attached("DOWN", "ENTER")).toMatchObject([
    { type: "attach", row: { session: { name: "session 1" } } },
  ]);
  expect(attached("3")).toMatchObject([{ type: "attach", row: { session: { name: "session 2" } } }]);
  expect(attached("END", "1")).toMatchObject([{ type: "attach", row: { session: { name: "session 10" } } }]);
  expect(after(press("ENTER", "1")).effects).toEqual([]);
  expect(after([two, ...press("3")]).effects).toEqual([]);
});

test("kill, delete and restart ask first, are due only where they make sense, and go to the session they named", () => {
  const running = snapshot([anAgent("a")], [aSession(1, { state: "running" }), aSession(2)]);
  const effects = (...names: string[]) => after([running, ...press(...names)]).effects;
  const first = { type: "call", agentId: "a", id: aSession(1).uuid };
  expect(effects("k")).toEqual([]);
  expect(effects("K", "y")).toMatchObject([{ ...first, op: "kill" }]);
  expect(effects("d", "Y")).toMatchObject([{ ...first, op: "delete" }]);
  expect(effects("d", "n", "y")).toEqual([]);
  expect(effects("d", "ESCAPE", "y")).toEqual([]);
  expect(effects("d", "ENTER")).toEqual([]);
  expect(effects("r", "y")).toEqual([]);
  expect(effects("DOWN", "r", "y")).toMatchObject([{ op: "restart", id: aSession(2).uuid }]);
  // The row moved under the question: the answer is still for the session that was named.
  const touched = {
    type: "fleet",
    message: { type: "session", session: aSession(2, { last_accessed: ago(0) }) },
  };
  expect(after([running, ...press("d"), touched as never, ...press("y")]).effects).toMatchObject([first]);
});

test("N without an agent says how to add one; with one opens the form; with several asks which", () => {
  const panel = (agents: string[], ...names: string[]) =>
    after([
      snapshot(
        agents.map((id) => anAgent(id)),
        [],
      ),
      ...press("n", ...names),
    ]).state.panel;
  expect(panel([])).toMatchObject({ kind: "notice", text: expect.stringContaining("pulumi up") as unknown });
  expect(panel(["a"])).toMatchObject({ kind: "form", form: { agentId: "a" } });
  expect(panel(["b", "a"])).toMatchObject({ kind: "pick-agent", choices: [null, "a", "b"], at: 0 });
  expect(panel(["b", "a"], "DOWN", "DOWN", "ENTER")).toMatchObject({ kind: "form", form: { agentId: "b" } });
  expect(panel(["b", "a"], "0")).toMatchObject({ kind: "form", form: { agentId: "a" } });
  expect(panel(["b", "a"], "2")).toMatchObject({ kind: "form", form: { agentId: "b" } });
  expect(panel(["b", "a"], "ESCAPE")).toBeNull();
});

test("the form creates; its error stays in it with what was typed; a created session is highlighted", () => {
  const filled = [two, ...press("n"), ...type("work"), ...press("TAB", "u", "TAB"), ...type("8080")];
  const sent = after([...filled, ...press("ENTER")]);
  expect(sent.effects).toEqual([
    { type: "create", agentId: "a", params: { name: "work", port: 8080, protocol: "udp", dns_name: "" } },
  ]);
  const again = after([
    ...filled,
    ...press("ENTER", "ENTER"),
    { type: "form-failed", error: down("no room") },
  ]);
  expect(again.effects).toHaveLength(1);
  expect(again.state.panel).toMatchObject({ kind: "form", form: { error: "no room", busy: false } });
  expect(again.state.panel).toMatchObject({ form: { texts: { name: { characters: [..."work"] } } } });
  const made = after([
    ...filled,
    ...press("ENTER"),
    { type: "created", agentId: "a", session: aSession(9), how: "created" },
  ]);
  expect(made.state.panel).toBeNull();
  expect(selectedRow(made.state)?.session.name).toBe("session 9");
});

test("a late answer to a form that was left is said, not lost", () => {
  const left = after([
    two,
    ...press("n", "x", "ENTER", "ESCAPE"),
    { type: "form-failed", error: down("no room") },
  ]);
  expect(left.state.message).toEqual({ text: "no room", error: true });
});

test("a paste in the list is no key press; in a form it is text on one line", () => {
  expect(after([two, { type: "paste", text: "dy\rkyq" }])).toMatchObject({
    effects: [],
    state: { panel: null },
  });
  const { state } = after([two, ...press("n"), { type: "paste", text: "my\nwork\r\n" }]);
  expect(state.panel).toMatchObject({ form: { texts: { name: { characters: [..."my work "] } } } });
});

test("Q, Esc and Ctrl-C leave the list; in a panel Esc only closes it", () => {
  for (const name of ["q", "Q", "ESCAPE", "CTRL_C"]) {
    expect(after([two, ...press(name)]).effects).toEqual([{ type: "quit" }]);
  }
  expect(after([two, ...press("?", "ESCAPE")])).toMatchObject({ effects: [], state: { panel: null } });
});

test("the highlighted row stays in view whatever happens: panels, resizes, fewer rows", () => {
  const many = snapshot(
    [anAgent("a")],
    Array.from({ length: 50 }, (_, i) => aSession(i)),
  );
  const { state } = after([many, ...press("END", "?"), { type: "resize", size: { cols: 80, rows: 24 } }]);
  expect(state.top).toBeGreaterThan(40);
  const tall = after([many, ...press("END"), { type: "resize", size: { cols: 80, rows: 60 } }]);
  expect(tall.state.top).toBe(0);
});

const stateful = (state: "stopped" | "locked" | "running" | "connected", ...names: string[]) =>
  after([
    snapshot([anAgent("a")], [aSession(1, { state, port: 80, dns_name: "x.dev" })]),
    ...press(...names),
  ]);

test("B detaches at once and only where somebody is attached; O asks, and only of a lock", () => {
  expect(stateful("connected", "b").effects).toMatchObject([{ type: "call", op: "background" }]);
  expect(stateful("running", "b").effects).toEqual([]);
  expect(stateful("locked", "o").effects).toEqual([]);
  expect(stateful("locked", "O", "y").effects).toMatchObject([{ type: "call", op: "override" }]);
  expect(stateful("stopped", "o", "y").effects).toEqual([]);
});

test("C asks for a name; a refusal is said in the form, what was typed is kept", () => {
  const sent = stateful("running", "c", ..."copy", "ENTER");
  const params = { source_id: aSession(1).uuid, name: "copy" };
  expect(sent.effects).toEqual([{ type: "clone", agentId: "a", params }]);
  const refused = reduce(sent.state, { type: "form-failed", error: down("kill it, then clone it") }).state;
  expect(refused.panel).toMatchObject({ form: { error: "kill it, then clone it", busy: false } });
  expect(refused.panel).toMatchObject({ form: { texts: { name: { characters: [..."copy"] } } } });
});

test("E begins with what is; a running session is offered kill and restart, a stopped one is not", () => {
  const edited = (state: "stopped" | "connected") => {
    const sent = stateful(state, "e", "CTRL_U", ..."other", "TAB", "u", "ENTER");
    const [effect] = sent.effects;
    if (effect?.type !== "edit") throw new Error("nothing is edited");
    const params = { id: aSession(1).uuid, name: "other", port: 80, protocol: "udp", dns_name: "x.dev" };
    expect(effect.params).toEqual(params);
    return reduce(sent.state, { type: "edited", row: effect.row, name: "other" }).state;
  };
  expect(edited("stopped")).toMatchObject({ panel: null, message: { text: "changed other" } });
  const asked = edited("connected");
  expect(asked.panel).toMatchObject({ kind: "confirm", op: "kill-and-restart" });
  expect(reduce(asked, { type: "key", name: "y" }).effects).toMatchObject([{ op: "kill-and-restart" }]);
});

test("the filter narrows with every key, is kept by Enter, and ended by Esc before the list is", () => {
  const fleet = snapshot(
    [anAgent("a"), anAgent("b")],
    [aSession(1, { name: "Api" }), aSession(2, { agent_id: "b" }), aSession(3, { labels: { team: "x" } })],
  );
  const shown = (...names: string[]) => {
    const { state, effects } = after([fleet, ...press("/", ...names)]);
    return [state.rows.map(({ session }) => session.name), state.panel?.kind ?? null, effects.length];
  };
  expect(shown("a", "P")).toEqual([["Api"], "filter", 0]);
  expect(shown(..."host-b 2", "ENTER")).toEqual([["session 2"], null, 0]);
  expect(shown(..."team=x")).toEqual([["session 3"], "filter", 0]);
  expect(shown("q", "d", "y", "BACKSPACE", "ENTER")).toEqual([[], null, 0]);
  expect(shown("z", "ESCAPE")[0]).toHaveLength(3);
  expect(shown("z", "ENTER", "ESCAPE")).toEqual([["Api", "session 2", "session 3"], null, 0]);
  const pasted = after([fleet, ...press("/"), { type: "paste", text: "session\r3" }]);
  expect(pasted.state.rows.map(({ session }) => session.name)).toEqual(["session 3"]);
  const made = after([
    fleet,
    ...press("/", "z", "ENTER"),
    { type: "created", agentId: "a", session: aSession(9), how: "created" },
  ]);
  expect(made.state).toMatchObject({ filter: "", selected: `a/${aSession(9).uuid}` });
});

test("an answer closes the form it is for, and nothing that was opened meanwhile", () => {
  const meanwhile = after([two, ...press("n", "x", "ENTER", "ESCAPE", "?")]).state;
  const event = { type: "created", agentId: "a", session: aSession(9), how: "created" } as const;
  expect(reduce(meanwhile, event).state.panel).toEqual({ kind: "help" });
});
