import fc from "fast-check";
import { ConvocateError } from "../../protocol/errors.ts";
import { keys } from "../keys.ts";
import { after, ago, anAgent, aSession, noon, press, snapshot, type } from "../state/fleet.fake.ts";
import type { Event } from "../state/state.ts";
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
  expect(lines[23]).toBe(" Enter attach  N new  K kill  D delete  ? help  Q quit");
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
  expect(screen([]).at(-1)).toBe(" N new  ? help  Q quit");
});

test("rows of an agent out of reach are dimmed, with reason and age", () => {
  const { lines } = frameOf(after([fleet]).state);
  expect(lines[5]?.every(({ style }) => style.dim)).toBe(true);
  expect(lines[4]?.some(({ style }) => style.dim)).toBe(false);
  expect(screen([fleet, ...press("DOWN", "DOWN", "DOWN")]).at(-2)).toBe(" agent-b: connection lost");
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
  expect(text.slice(13, 21)).toEqual([
    `-- New session on agent-a ${"-".repeat(54)}`,
    "   Name      漢x",
    "   Protocol  [ tcp ]  udp",
    " > Port      99999",
    "   DNS name  blank: none",
    "   Command   blank: the agent's default",
    '   port "99999" is not 1 to 65535; blank is none, auto is the first free one',
    "",
  ]);
  expect(caret).toEqual({ row: 16, col: 18 });
});

test("a value longer than its field scrolls with the caret", () => {
  const one = snapshot([anAgent("a")], []);
  const long = "0123456789".repeat(10);
  const { lines, caret } = frameOf(after([one, ...press("n"), ...type(long)]).state);
  expect(lineText(lines[14] ?? [])).toContain("0123456789 ");
  expect(caret?.col).toBeLessThan(80);
  const home = frameOf(after([one, ...press("n"), ...type(long), ...press("HOME")]).state);
  expect(home.caret?.col).toBe(13);
});

test("questions name the session, its agent and its UUID", () => {
  const lines = screen([fleet, ...press("d")]);
  expect(lines.slice(18, 22)).toEqual([
    `-- Delete api? ${"-".repeat(65)}`,
    "   The session and everything in its home is removed. Somebody is attached.",
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

test("the agent picker tells health and load", () => {
  const text = screen([fleet, ...press("n")]).join("\n");
  expect(text).toContain(">1 agent-a  (3 running)");
  expect(text).toContain(" 2 agent-b  (down 3m)");
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
