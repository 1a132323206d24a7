import { stateChar } from "../../protocol/session.ts";
import { keys, type Key } from "../keys.ts";
import { helpColumns } from "../state/panel-height.ts";
import type { State } from "../state/state.ts";
import { fitLine, span, type Line } from "./line.ts";

/** Every key of the table, in one column or two, and what the states' letters mean. */
export function helpLines(state: State): Line[] {
  const columns = helpColumns(state);
  const height = Math.ceil(keys.length / columns);
  const width = Math.floor(state.size.cols / columns);
  const lines = keys.slice(0, height).map((key, i): Line => {
    const right = keys[height + i];
    const left = fitLine(keyLine(key), width);
    return columns === 2 && right ? [...left, ...keyLine(right)] : left;
  });
  const states = Object.entries(stateChar).map(([state, char]) => `${char} ${state}`);
  return [
    ...lines,
    [span(" Ctrl-B D", { bold: true }), span("  in a session: back to the list")],
    [span(` States: ${states.join("  ")}`)],
  ];
}

const keyLine = ({ label, does }: Key): Line => [span(` ${label.padEnd(7)}`, { bold: true }), span(does)];
