import type { Action } from "./events.ts";
import { changedHosts, only, rollout, stepsOf } from "./plan.ts";
import type { Placed } from "./resources.ts";

const step = (host: string | null, name: string, action: Action | null): Placed => ({
  urn: `urn:${host ?? "fleet"}:${name}`,
  host,
  step: name,
  action,
  custom: true,
  isHost: false,
});
const host = (name: string, action: Action | null): Placed => ({
  ...step(name, "component", action),
  custom: false,
  isHost: true,
});
const existing = (name: string, action: Action | null = "update") => [
  host(name, null),
  step(name, "install", action),
];
const fresh = (name: string) => [host(name, "create"), step(name, "install", "create")];
const order = ["shell-1", ...Array.from({ length: 20 }, (_, i) => `agent-${String(i + 1)}`)];
const stages = (...parts: Placed[][]) => rollout(parts.flat(), "shell-1", order).map((stage) => stage.hosts);

test("the shell host goes first, one agent tries it, the others follow", () => {
  expect(stages(existing("agent-2"), existing("shell-1"), existing("agent-1"), existing("agent-3"))).toEqual([
    ["shell-1"],
    ["agent-1"],
    ["agent-2", "agent-3"],
  ]);
});

test("at most eight agents at once", () => {
  const all = stages(...order.slice(1).map((name) => existing(name)));
  expect(all.map((hosts) => hosts.length)).toEqual([1, 8, 8, 3]);
  expect(all.flat().sort()).toEqual(order.slice(1).sort());
});

test("a fleet that is new, or agents that are, have nothing to lose: one part, everything", () => {
  for (const plan of [
    [...fresh("shell-1"), ...fresh("agent-1"), ...fresh("agent-2")],
    [...existing("shell-1", null), ...fresh("agent-1"), ...fresh("agent-2")],
    existing("shell-1"),
  ])
    expect(rollout(plan, "shell-1", order)).toEqual([{ hosts: changedHosts(plan), urns: null }]);
});

test("a new agent is never the one that tries", () => {
  expect(stages(fresh("agent-1"), existing("agent-2"))).toEqual([["agent-2"], ["agent-1"]]);
});

test("hosts that leave go first, and what was shared with them last", () => {
  const old = [host("old", "delete"), step("old", "registration", "delete")];
  expect(stages(existing("shell-1"), old, existing("agent-1"))).toEqual([["old"], ["shell-1"], ["agent-1"]]);
  const last = rollout([...existing("agent-1"), step(null, "key", "delete")], "shell-1", order).at(-1);
  expect(last).toEqual({ hosts: [], urns: null });
});

test("hosts that stay as they are have no part", () => {
  expect(stages(existing("agent-1", null), existing("agent-2"))).toEqual([["agent-2"]]);
});

test("one host's part has all that is its own, what goes too, and what all share unless that goes", () => {
  const plan = [
    ...existing("agent-1"),
    step("agent-1", "old", "delete"),
    ...existing("agent-10"),
    step(null, "certificate", null),
    step(null, "gone", "delete"),
  ];
  expect(only(plan, ["agent-1"]).urns).toEqual([
    "urn:agent-1:component",
    "urn:agent-1:install",
    "urn:agent-1:old",
    "urn:fleet:certificate",
  ]);
  expect(stepsOf(plan).map(({ urn }) => urn)).not.toContain("urn:agent-1:component");
});
