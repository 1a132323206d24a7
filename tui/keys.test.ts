import { findKey, keys } from "./keys.ts";
import { applies } from "./state/list-keys.ts";
import { after, anAgent, anOrphan, aSession, press, snapshot, withOrphans } from "./state/fleet.fake.ts";

const fleets = [
  snapshot([anAgent("a")], [aSession(1, { state: "connected" })]),
  snapshot([anAgent("a")], [aSession(1, { state: "locked" })]),
  snapshot(
    [anAgent("a")],
    [aSession(1, { state: "running" }), ...Array.from({ length: 40 }, (_, i) => aSession(i + 2))],
  ),
  withOrphans([anAgent("a")], [], [anOrphan(1)]),
  snapshot(
    [anAgent("a")],
    Array.from({ length: 40 }, (_, i) => aSession(i)),
  ),
];

test("every key of the table does something somewhere: no row of the help is a lie", () => {
  for (const { names, label } of keys) {
    for (const name of names) {
      const before = fleets.flatMap((fleet) => [after([fleet]), after([fleet, ...press("PAGE_DOWN")])]);
      const pressed = fleets.flatMap((fleet) => [
        after([fleet, ...press(name)]),
        after([fleet, ...press("PAGE_DOWN", name)]),
      ]);
      const changed = pressed.some(
        ({ state, effects }, i) =>
          effects.length > 0 || JSON.stringify(state) !== JSON.stringify(before[i]?.state),
      );
      expect(`${label} ${name} ${String(changed)}`).toBe(`${label} ${name} true`);
    }
  }
});

test("a name belongs to one key; letters work in both cases", () => {
  const names = keys.flatMap((key) => key.names);
  expect(new Set(names).size).toBe(names.length);
  expect(findKey("N")).toBe(findKey("n"));
  expect(findKey("UP")?.command).toBe("up");
  expect(findKey("F12")).toBeUndefined();
});

test("keys of a session need one; kill needs it running, restart stopped", () => {
  const row = (state: "stopped" | "locked" | "running" | "connected") =>
    after([snapshot([anAgent("a")], [aSession(1, { state })])]).state.rows[0];
  expect(applies("session", undefined)).toBe(false);
  expect(
    (["stopped", "locked", "running", "connected"] as const).map((s) => applies("running", row(s))),
  ).toEqual([false, false, true, true]);
  expect(applies("stopped", row("stopped"))).toBe(true);
  expect(applies("stopped", row("locked"))).toBe(false);
  expect(applies("locked", row("locked"))).toBe(true);
  expect(applies("connected", row("running"))).toBe(false);
});
