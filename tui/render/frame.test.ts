import fc from "fast-check";
import { ConvocateError } from "../../protocol/errors.ts";
import { keys } from "../keys.ts";
import {
  after,
  ago,
  anAgent,
  anOrphan,
  aSession,
  noon,
  press,
  snapshot,
  type,
  withOrphans,
} from "../state/fleet.fake.ts";
import type { Event } from "../state/state.ts";
import { version } from "../../protocol/version.ts";
import { age } from "./age.ts";
import { frameOf } from "./frame.ts";
import { lineText } from "./line.ts";
import { width } from "./width.ts";

const fleet = snapshot(
  [
    anAgent("a", { host: "agent-a" }),
    anAgent("b", { host: "agent-b", health: "down", since: ago(200), reason: "connection lost" }),
  ],
  [
    aSession(1, {
      name: "api",
      state: "connected",
      port: 1001,
      dns_name: "api.dev",
      image: "convocate:1.2.0",
    }),
    aSession(5, { name: "docs", state: "running", port: 53, protocol: "udp", state_since: ago(90) }),
    aSession(70, { name: "漢字のプロジェクト", state: "locked" }),
    aSession(3000, { name: "old", agent_id: "b", state: "running" }),
    aSession(9000, { name: "idle" }),
  ],
);

const screen = (events: Event[], size = { cols: 80, rows: 24 }): string[] =>
  frameOf(after(events, size).state).lines.map((line) => lineText(line).trimEnd());

/** Everything but the clock, whose zone is the machine's. */
const withoutClock = (lines: string[]): string[] => lines.map((line) => line.replace(/\d\d:\d\d$/, "HH:MM"));

test("the list at 80x24", () => {
  const lines = withoutClock(screen([fleet]));
  expect(lines.slice(0, 7)).toEqual([
    " convocate  2 agents, 1 down  5 sessions: 2 R, 1 C, 1 L, 1 -   load 0.00  HH:MM",
    "     NAME             AGENT      AGE  PORT      DNS NAME         IMAGE      USED",
    ">1 C api              agent-a    1d   1001/tcp  api.dev          1.2.0      1m",
    " 2 R docs             agent-a    1m   53/udp                                5m",
    " 3 L 漢字のプロジェ~  agent-a    1d   -                                     1h",
    " 4 R old              agent-b    1d   -         unreachable 3m: connection lost",
    " 5 - idle             agent-a    1d   -                                     6d",
  ]);
  expect(lines.slice(7, 23).join("")).toBe("");
  expect(lines[23]).toBe(" Enter attach  N new  C clone  E edit  B background  K kill  ? help  Q quit");
});

test("the list at 200x60 gives the room to names", () => {
  const lines = withoutClock(screen([fleet], { cols: 200, rows: 60 }));
  expect(lines).toHaveLength(60);
  expect(lines[4]).toMatch(/^ 3 L 漢字のプロジェクト +agent-a +1d/);
  expect(lines[59]).toContain("Q quit");
});

test("the footer offers what the highlighted row can do", () => {
  const footer = (...names: string[]) => screen([fleet, ...press(...names)]).at(-1);
  expect(footer("DOWN")).toContain("K kill");
  expect(footer("END")).not.toContain("K kill");
  expect(footer("DOWN", "DOWN", "DOWN", "DOWN")).toContain("R restart");
  expect(screen([]).at(-1)).toBe(" N new  / filter  S settings  ? help  Q quit");
});

test("rows of an agent out of reach are dimmed, with reason and age", () => {
  const { lines } = frameOf(after([fleet]).state);
  expect(lines[5]?.every(({ style }) => style.dim)).toBe(true);
  expect(lines[4]?.some(({ style }) => style.dim)).toBe(false);
  expect(screen([fleet, ...press("DOWN", "DOWN", "DOWN")]).at(-2)).toBe(" agent-b: connection lost");
});

test("a DNS name that another session has is marked, and the line below says whose it is", () => {
  const twice = snapshot(
    [anAgent("a", { host: "agent-a" })],
    [
      aSession(1, { name: "new", dns_name: "api.dev" }),
      aSession(2, { name: "old", dns_name: "api.dev" }),
      aSession(3, { name: "other", dns_name: "other" }),
    ],
  );
  const names = [{ name: "api.dev", agent_id: "a", session_id: aSession(2).uuid }];
  const contested: Event = { type: "fleet", message: { type: "contested", names } };
  const lines = screen([twice, contested]);
  expect(
    lines.slice(2, 5).map((line) => /\S*(api\.dev|other)$/.exec(line.replace(/ +\S+$/, ""))?.[0]),
  ).toEqual(["!api.dev", "api.dev", "other"]);
  expect(lines.at(-2)).toBe(" DNS name api.dev leads to old on agent-a: E gives this one another");
  expect(screen([twice, contested, ...press("DOWN")]).at(-2)).toBe("");
  const free: Event = { type: "fleet", message: { type: "contested", names: [] } };
  expect(screen([twice, contested, free]).join("\n")).not.toContain("!");
});

test("an orphan is a row with `O`, its age and size; what can be done to it stands below, and in the footer", () => {
  const orphans = [
    anOrphan(5, { name: "lost\u001b[2J", port: 80, dns_name: "web", bytes: 1_288_490_189 }),
    anOrphan(7),
  ];
  const lines = screen([withOrphans([anAgent("a")], [aSession(6)], orphans), ...press("HOME")]);
  expect(lines[0]).toContain("1 session: 1 -; 2 orphans");
  expect(lines[2]).toMatch(/^>1 O lost\?\[2J +shell host 5m +80\/tcp +web +1\.2 GiB +5m/);
  expect(lines[4]).toMatch(/^ 3 O orphan 7 +shell host 7m +- +\? B +7m/);
  expect(lines.at(-2)).toBe(
    " an orphan, 1.2 GiB: no agent has it. A makes it a session of one, D deletes it",
  );
  expect(lines.at(-1)).toMatch(/^ N new {2}D delete {2}A adopt {2}\/ filter/);
});

test("the state daemon's absence is said, with the age of what is shown", () => {
  const error = new ConvocateError("unreachable", "the status daemon does not answer");
  const lines = screen([
    fleet,
    { type: "status-down", error },
    { type: "tick", now: noon + 12_000, load: 0 },
  ]);
  expect(lines.at(-2)).toBe(" last known state, 12s old: the status daemon does not answer");
});

test("empty lists say what to do", () => {
  expect(screen([])[2]).toBe("     Waiting for the fleet...");
  expect(screen([snapshot([], [])])[2]).toBe("     No agent host yet: `pulumi up` adds one.");
  expect(screen([snapshot([anAgent("a")], [])])[2]).toBe("     No session yet: N makes one.");
});

test("the form: fields, hints, caret, and an error with what was typed", () => {
  const one = snapshot([anAgent("a", { host: "agent-a" })], []);
  const typed = [
    one,
    ...press("n"),
    ...type("漢x"),
    ...press("TAB", "TAB"),
    ...type("99999"),
    ...press("ENTER"),
  ];
  const { state } = after(typed);
  const { lines, caret } = frameOf(state);
  const text = lines.map((line) => lineText(line).trimEnd());
  expect(text.slice(11, 21)).toEqual([
    `-- New session on agent-a ${"-".repeat(54)}`,
    "   Name      漢x",
    "   Protocol  [ tcp ]  udp",
    " > Port      99999",
    "   DNS name  blank: none",
    "   Command   blank: the agent's default",
    "   Git repo  blank: none; cloned at the first start",
    "   Branch    blank: the repository's own",
    '   port "99999" is not 1 to 65535; blank is none, auto is the first free one',
    "",
  ]);
  expect(caret).toEqual({ row: 14, col: 18 });
});

test("a value longer than its field scrolls with the caret", () => {
  const one = snapshot([anAgent("a")], []);
  const long = "0123456789".repeat(10);
  const { lines, caret } = frameOf(after([one, ...press("n"), ...type(long)]).state);
  expect(lineText(lines[12] ?? [])).toContain("0123456789 ");
  expect(caret?.col).toBeLessThan(80);
  const home = frameOf(after([one, ...press("n"), ...type(long), ...press("HOME")]).state);
  expect(home.caret?.col).toBe(13);
});

test("a form on a small screen keeps the field that is typed in, and the caret, in sight", () => {
  const one = snapshot([anAgent("a")], []);
  const size = { cols: 60, rows: 10 };
  const typed = [one, ...press("n", "TAB", "TAB", "TAB", "TAB", "TAB"), ...type("https://x")];
  const { lines, caret } = frameOf(after(typed, size).state);
  expect(lineText(lines[caret?.row ?? 0] ?? [])).toMatch(/^ > Git repo {2}https:\/\/x *$/);
  expect(caret?.col).toBe(22);
  expect(lineText(lines[3] ?? [])).toMatch(/^-- New session/);
});

test("a title of wide characters fills its line exactly", () => {
  const wide = snapshot([anAgent("a")], [aSession(1, { name: "漢字のプロジェクト" })]);
  const title = screen([wide, ...press("e")]).find((line) => line.startsWith("-- Edit"));
  expect(title).toMatch(/^-- Edit 漢字のプロジェクト on host-a -+$/);
  expect(width(title ?? "")).toBe(80);
});

test("settings: columns as wide as what stands in them, whole at 80 columns", () => {
  const gib = 2 ** 30;
  const capacity = {
    memory_bytes: 62 * gib,
    memory_promised_bytes: 20 * gib,
    memory_used_bytes: 12 * gib,
    cpus: 16,
    cpus_promised: 10,
    cpus_used: 2.5,
    disk_bytes: 900 * gib,
    disk_used_bytes: 180 * gib,
    sessions_running: 3,
  };
  const told = snapshot([anAgent("a", { host: "agent-a", version, capacity })], []);
  const lines = screen([told, ...press("s")]);
  expect(lines).toContain(
    ` agent-a up 1h  ${version}   20/62 GiB, 12 used 10/16, 2.5 used 900 GiB, 180 used`,
  );
  expect(lines).toContain(" HOST    HEALTH VERSION MEMORY PROMISED    CPU             DISK");
});

test("questions name the session, its agent and its UUID", () => {
  const lines = screen([fleet, ...press("d")]);
  expect(lines.slice(17, 22)).toEqual([
    `-- Delete api? ${"-".repeat(65)}`,
    "   The session and everything in its home is removed.",
    "   This detaches whoever is attached.",
    "   on agent-a, 00000001-0000-4000-8000-000000000000",
    "   Y confirms, N or Esc cancels.",
  ]);
});

test("the help lists every key of the table and fits 80x24", () => {
  const lines = screen([fleet, ...press("?")]);
  for (const { label, does } of keys) {
    expect(lines.filter((line) => line.includes(label) && line.includes(does))).toHaveLength(1);
  }
  expect(lines.join("\n")).toContain("Ctrl-B D");
});

const gib = 2 ** 30;
const capacity = { memory_bytes: 8 * gib, memory_promised_bytes: 2 * gib, cpus: 4, sessions_running: 1 };

test("the agent picker tells health and what is free; auto is the least loaded of those that are up", () => {
  const text = screen([fleet, ...press("n")]).join("\n");
  expect(text).toContain(" 0 auto: the least loaded, agent-a");
  expect(text).toContain(">1 agent-a  (3 running)");
  expect(text).toContain(" 2 agent-b  (down 3m)");
  const full = { ...capacity, memory_promised_bytes: 7 * gib };
  const told = snapshot([anAgent("a", { capacity: full }), anAgent("b", { capacity })], []);
  const told3 = screen([told, ...press("n")]).join("\n");
  expect(told3).toContain(">0 auto: the least loaded, host-b");
  expect(told3).toContain(" 2 host-b  (0 running, 6.0 of 8.0 GiB free)");
  expect(screen([told, ...press("n", "ENTER")]).join("\n")).toContain("-- New session on host-b");
});

test("settings: our version, every agent with health, version and capacity; what does not fit is counted", () => {
  const told = { ...capacity, cpus_used: 1.25, disk_bytes: 100 * gib, disk_used_bytes: 40 * gib };
  const agents = [
    anAgent("a", { version: "1.2.0", capacity: told }),
    anAgent("b", { health: "down", since: ago(200) }),
  ];
  const lines = screen([snapshot(agents, []), ...press("s")], { cols: 120, rows: 24 });
  expect(lines.slice(17, 22)).toEqual([
    `-- Settings ${"-".repeat(108)}`,
    ` convocate ${version}, 2 agents`,
    expect.stringMatching(/^ HOST +HEALTH +VERSION +MEMORY PROMISED +CPU +DISK$/),
    expect.stringMatching(
      /^ host-a +up 1h +1\.2\.0 \(newer\) +2\.0\/8\.0 GiB +4, 1\.3 used +100 GiB, 40 used$/,
    ),
    expect.stringMatching(/^ host-b +down 3m +- +- +- +-$/),
  ]);
  const many = Array.from({ length: 40 }, (_, i) => anAgent(`n${String(i)}`));
  expect(screen([snapshot(many, []), ...press("s")]).join("\n")).toMatch(/and 25 more: convocate agents/);
});

test("questions about locks and changes say what will happen; forms say what they are for", () => {
  const at = (state: "locked" | "connected", ...names: string[]) =>
    screen([snapshot([anAgent("a")], [aSession(1, { state })]), ...press(...names)]).join("\n");
  expect(at("locked", "o")).toMatch(/-- Override the lock of session 1\?.*\n.*nobody holds any more/);
  expect(at("connected", "c")).toMatch(/-- Clone session 1 on host-a/);
  expect(at("connected", "e")).toMatch(/-- Edit session 1 on host-a[^]* > Name +session 1/);
  const [effect] = after([
    snapshot([anAgent("a")], [aSession(1, { state: "connected" })]),
    ...press("e", "ENTER"),
  ]).effects;
  if (effect?.type !== "edit") throw new Error("nothing is edited");
  const edited = screen([
    snapshot([anAgent("a")], [aSession(1, { state: "connected" })]),
    { type: "edited", row: effect.row, name: "session 1" },
  ]);
  expect(edited.join("\n")).toContain("This detaches whoever is attached.");
});

test("questions name who would be detached, and hear who comes and goes while they are asked", () => {
  const of = (operators?: string[]) =>
    aSession(1, { state: operators ? "connected" : "running", ...(operators && { operators }) });
  const told = (operators?: string[]): Event => ({
    type: "fleet",
    message: { type: "session", session: of(operators) },
  });
  const start = snapshot([anAgent("a")], [of(["alice", "b\x1bb"])]);
  for (const key of ["k", "d"]) {
    expect(screen([start, ...press(key)])).toContain("   This detaches alice, b?b.");
    expect(screen([start, ...press(key), told(["carol"])])).toContain("   This detaches carol.");
    expect(screen([start, ...press(key), told()])).toContain("   Nobody is attached.");
  }
});

test("a filter is said wherever it hides something, and where everything is hidden", () => {
  expect(screen([fleet, ...press("/", ..."zzz")]).join("\n")).toMatch(
    /No session fits the filter[^]*-- Filter: 0 of 5 -+\n > zzz/,
  );
  const kept = screen([fleet, ...press("/", ..."agent-b", "ENTER")]);
  expect(kept.at(-2)).toBe(" filter: agent-b (1 of 5); Esc shows all  agent-b: connection lost");
  expect(kept[0]).toContain("5 sessions");
});

test("ages are short, and clocks that differ give no nonsense", () => {
  const at = (seconds: number) => age(ago(seconds), noon);
  expect([5, 65, 7200, 90_000, 86_400 * 15, 86_400 * 800].map(at)).toEqual([
    "5s",
    "1m",
    "2h",
    "1d",
    "2w",
    "2y",
  ]);
  expect([age(ago(-50), noon), age("nonsense", noon), age(undefined, noon)]).toEqual(["0s", "-", "-"]);
});

test("any screen, any names, any keys: every line is exactly as wide as the screen and holds no control character", () => {
  const names = [...keys.flatMap((key) => key.names), "TAB", "y", "x", "漢"];
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 220 }),
      fc.integer({ min: 1, max: 70 }),
      fc.array(fc.string({ unit: "binary" }), { maxLength: 5 }),
      fc.array(fc.constantFrom(...names), { maxLength: 8 }),
      (cols, rows, sessions, pressed) => {
        const made = sessions.map((name, i) =>
          aSession(i, { name, dns_name: name, image: name, protocol: name }),
        );
        const events = [snapshot([anAgent("a", { host: sessions[0] ?? "a" })], made), ...press(...pressed)];
        const { lines } = frameOf(after(events, { cols, rows }).state);
        expect(lines).toHaveLength(rows);
        for (const line of lines) {
          expect(width(lineText(line))).toBe(cols);
          expect(lineText(line)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test("5,000 rows: a key press is reduced and drawn within 50 ms", () => {
  const many = snapshot(
    [anAgent("a")],
    Array.from({ length: 5000 }, (_, i) => aSession(i)),
  );
  const { state } = after([many], { cols: 200, rows: 60 });
  const began = performance.now();
  for (let i = 0; i < 20; i += 1) frameOf(state);
  expect((performance.now() - began) / 20).toBeLessThan(50);
});
