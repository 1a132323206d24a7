import type { State } from "../state/state.ts";
import { stateChar, type SessionState } from "../../protocol/session.ts";
import { clean } from "./clean.ts";
import { fitLine, span, type Line } from "./line.ts";
import { fit, width } from "./width.ts";

const shownStates: SessionState[] = ["running", "connected", "locked", "stopped"];

/** Product, who, the fleet in numbers, load and clock. */
export function titleLine(state: State): Line {
  const { cols } = state.size;
  const who = state.operator === null ? "" : ` ${clean(state.operator)}`;
  const left = ` convocate${who}  ${agentsSummary(state)}  ${sessionsSummary(state)}`;
  const right = `load ${state.load.toFixed(2)}  ${clock(state.now)} `;
  const room = cols - width(right) - 1;
  const text = room < width(left) ? left : `${fit(left, room)} ${right}`;
  return fitLine([span(text, { reverse: true, bold: true })], cols, { reverse: true });
}

function agentsSummary({ fleet, links }: State): string {
  const agents = [...fleet.agents.values()];
  const up = agents.filter((agent) => agent.health === "up" && !links.has(agent.agent_id)).length;
  const down = agents.length - up;
  if (agents.length === 0) return "no agents";
  return `${count(agents.length, "agent")}${down > 0 ? `, ${String(down)} down` : " up"}`;
}

function sessionsSummary({ all: rows, fleet }: State): string {
  const counts = shownStates
    .map((state) => ({ state, n: rows.filter((row) => row.state === state).length }))
    .filter(({ n }) => n > 0)
    .map(({ state, n }) => `${String(n)} ${stateChar[state]}`);
  const orphans = fleet.orphans.length;
  return [
    count(rows.length - orphans, "session") + (counts.length > 0 ? `: ${counts.join(", ")}` : ""),
    ...(orphans > 0 ? [count(orphans, "orphan")] : []),
  ].join("; ");
}

const count = (n: number, noun: string): string => `${String(n)} ${noun}${n === 1 ? "" : "s"}`;

function clock(now: number): string {
  const date = new Date(now);
  return [date.getHours(), date.getMinutes()].map((n) => String(n).padStart(2, "0")).join(":");
}
