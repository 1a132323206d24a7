import { after, anAgent, anOrphan, aSession, press, snapshot, type, withOrphans } from "./fleet.fake.ts";
import { selectedRow } from "./list.ts";

const two = [anAgent("a"), anAgent("b")];
const lost = anOrphan(1, { name: "lost", port: 8080, protocol: "udp", dns_name: "web" });
const one = withOrphans([anAgent("a")], [aSession(2)], [lost]);

test("orphans stand among the sessions by when they were used, and go when they are told no more", () => {
  const { state } = after([withOrphans([anAgent("a")], [aSession(2)], [lost, anOrphan(3)])]);
  expect(state.rows.map(({ state, session }) => `${state} ${session.name}`)).toEqual([
    "orphan lost",
    "stopped session 2",
    "orphan orphan 3",
  ]);
  const gone = after([one, { type: "fleet", message: { type: "orphans", orphans: [] } }]).state;
  expect(gone.rows.map(({ session }) => session.name)).toEqual(["session 2"]);
  expect(after([one, snapshot([anAgent("a")], [])]).state.rows).toEqual([]);
  expect(after([one, ...press("/"), ...type("orphan")]).state.rows).toHaveLength(1);
});

test.each(["ENTER", "c", "e", "b", "k", "o", "r", "1"])(
  "%s does nothing to an orphan: it is no session",
  (key) => {
    const { state, effects } = after([one, ...press("HOME", key)]);
    expect([effects, state.panel, selectedRow(state)?.session.name]).toEqual([[], null, "lost"]);
  },
);

test("A adopts: the form has what the orphan says, may be changed, and says what is to be done", () => {
  const opened = after([one, ...press("HOME", "a")]).state;
  expect(opened.panel).toMatchObject({
    kind: "form",
    form: { agentId: "a", protocol: "udp", purpose: { kind: "adopt" } },
  });
  const { effects } = after([
    one,
    ...press("HOME", "a", "TAB", "TAB", "CTRL_U"),
    ...type("auto"),
    ...press("ENTER"),
  ]);
  const addressing = { name: "lost", port: -1, protocol: "udp", dns_name: "web" };
  expect(effects).toEqual([{ type: "adopt", agentId: "a", orphan: lost, addressing }]);
});

test("A asks which agent where there are several; auto is the least loaded", () => {
  const picking = [withOrphans(two, [], [lost]), ...press("HOME", "a")];
  expect(after(picking).state.panel).toMatchObject({ kind: "pick-agent", choices: [null, "a", "b"] });
  expect(after([...picking, ...press("2")]).state.panel).toMatchObject({
    form: { agentId: "b", purpose: { kind: "adopt" } },
  });
  expect(after([...picking, ...press("0")]).state.panel).toMatchObject({
    form: { purpose: { kind: "adopt" } },
  });
  expect(after([withOrphans([], [], [lost]), ...press("a")]).state.panel).toMatchObject({ kind: "notice" });
});

test("A on a session does nothing; N on an orphan makes a new session as ever", () => {
  expect(after([one, ...press("END", "a")]).state.panel).toBeNull();
  expect(after([one, ...press("HOME", "n")]).state.panel).toMatchObject({
    form: { purpose: { kind: "create" } },
  });
});

test("D asks, and deletes the orphan on Y alone: no agent is asked", () => {
  const asked = [one, ...press("HOME", "d")];
  expect(after(asked).state.panel).toMatchObject({ kind: "confirm", op: "remove-orphan" });
  expect(after([...asked, ...press("n")]).effects).toEqual([]);
  expect(after([...asked, ...press("y")]).effects).toEqual([
    { type: "remove-orphan", uuid: lost.uuid, name: "lost" },
  ]);
});

test("what went wrong is said in the form, and what was typed stays; adopted, the session is highlighted", () => {
  const sent = [one, ...press("HOME", "a", "x", "ENTER")];
  const session = { ...aSession(9), name: "lostx" };
  const made = after([...sent, { type: "created", agentId: "a", session, how: "adopted" }]).state;
  expect([made.panel, made.message?.text, selectedRow(made)?.session.name]).toEqual([
    null,
    "adopted lostx; Enter attaches",
    "lostx",
  ]);
});
