import type { FleetAgent } from "../../protocol/fleet.ts";
import { version } from "../../protocol/version.ts";
import { automatic } from "../state/capacity.ts";
import { panelHeight } from "../state/panel-height.ts";
import { firstNumber } from "../state/panel-keys.ts";
import { troubleOf } from "../state/rows.ts";
import { versionText } from "../state/skew.ts";
import type { Panel, State } from "../state/state.ts";
import { age } from "./age.ts";
import { capacityCells, freeText } from "./capacity.ts";
import { clean } from "./clean.ts";
import { span, type Line } from "./line.ts";
import { fit, width } from "./width.ts";

/** Agents to choose from, with what is free on them. */
export function pickLines(state: State, { choices, at }: Extract<Panel, { kind: "pick-agent" }>): Line[] {
  // As many as fit, with the chosen one among them.
  const room = Math.max(1, panelHeight(state) - 1);
  const top = Math.max(0, at - room + 1);
  return choices.slice(top, top + room).map((id, i) => {
    const index = top + i;
    const number = index + firstNumber(choices);
    const text = id === null ? autoText(state) : agentText(state, id);
    const line = `${index === at ? ">" : " "}${number < 10 ? String(number) : " "} ${text}`;
    return [span(line, index === at ? { reverse: true } : {})];
  });
}

function autoText(state: State): string {
  const agent = automatic(state);
  return agent === null ? "auto  (no agent is up)" : `auto: the least loaded, ${clean(agent.host)}`;
}

function agentText(state: State, id: string): string {
  const agent = state.fleet.agents.get(id);
  if (!agent) return `${clean(id)}  (gone)`;
  const trouble = troubleOf(state.fleet, state.links, id);
  const free = freeText(agent);
  const about = trouble
    ? `${agent.health === "up" ? "unreachable" : agent.health} ${age(trouble.since, state.now)}`
    : `${String(runningOn(state, id))} running${free === "" ? "" : `, ${free}`}`;
  return `${clean(agent.host)}  (${about})`;
}

const runningOn = (state: State, id: string): number =>
  state.all.filter((row) => row.session.agent_id === id && row.state !== "stopped").length;

/** Our version, and every agent with health, version and capacity. */
export function settingsLines(state: State): Line[] {
  const agents = [...state.fleet.agents.values()].sort((a, b) => (a.host < b.host ? -1 : 1));
  const room = panelHeight(state) - 3;
  const hidden = agents.length - room;
  const shown = hidden > 0 ? agents.slice(0, Math.max(0, room - 1)) : agents;
  const rows = [
    ["HOST", "HEALTH", "VERSION", "MEMORY PROMISED", "CPU", "DISK"],
    ...shown.map((a) => cells(state, a)),
  ];
  // Each as wide as what stands in it: the last one is what a narrow screen cuts.
  const widths = [14, 16, 16, 23, 17, 21].map((most, column) =>
    Math.min(most, Math.max(...rows.map((row) => width(row[column] ?? "")))),
  );
  const roomy = widths.reduce((sum, column) => sum + column + 2, 0) <= state.size.cols;
  const more =
    hidden > 0 ? [[span(` and ${String(agents.length - shown.length)} more: convocate agents`)]] : [];
  return [
    [span(` convocate ${version}`, { bold: true }), span(`, ${count(agents.length, "agent")}`)],
    ...rows.map((row, i): Line => {
      const text = row.map((cell, column) => fit(cell, widths[column] ?? 10)).join(roomy ? "  " : " ");
      return [span(` ${text.trimEnd()}`, i === 0 ? { bold: true } : {})];
    }),
    ...more,
  ];
}

function cells(state: State, agent: FleetAgent): string[] {
  const trouble = troubleOf(state.fleet, state.links, agent.agent_id);
  const health = trouble
    ? `${agent.health === "up" ? "unreachable" : agent.health} ${age(trouble.since, state.now)}`
    : `up ${age(agent.since, state.now)}`;
  return [clean(agent.host), health, clean(versionText(agent.version)), ...capacityCells(agent)];
}

const count = (n: number, noun: string): string => `${String(n)} ${noun}${n === 1 ? "" : "s"}`;
