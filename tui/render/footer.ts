import { keys } from "../keys.ts";
import { selectedRow } from "../state/list.ts";
import { applies } from "../state/list-keys.ts";
import type { State } from "../state/state.ts";
import { age } from "./age.ts";
import { clean } from "./clean.ts";
import { fitLine, span, type Line } from "./line.ts";

/** The last line: keys that mean something now. */
export function footerLine(state: State): Line {
  const line: Line = [span(" ")];
  for (const [label, word] of footerKeys(state)) {
    line.push(span(label, { bold: true, reverse: true }), span(` ${word}  `));
  }
  return fitLine(line, state.size.cols);
}

function footerKeys(state: State): [string, string][] {
  switch (state.panel?.kind) {
    case undefined: {
      const row = selectedRow(state);
      return keys
        .filter(({ footer, when }) => footer !== undefined && applies(when, row))
        .map(({ label, footer = "" }) => [label, footer]);
    }
    case "confirm":
      return [
        ["Y", "yes"],
        ["N", "no"],
      ];
    case "pick-agent":
      return [
        ["Enter", "choose"],
        ["Esc", "cancel"],
      ];
    case "form":
      return [
        ["Tab", "next field"],
        ["Space", "tcp/udp"],
        ["Enter", "create"],
        ["Esc", "cancel"],
      ];
    case "notice":
    case "help":
      return [["any key", "close"]];
  }
}

/** The line above the footer: what just happened, else what keeps something out of reach. */
export function messageLine(state: State): Line {
  const { text, error } = messageOf(state);
  return fitLine([span(` ${clean(text)}`, error ? { bold: true, color: "red" } : {})], state.size.cols);
}

function messageOf(state: State): { text: string; error: boolean } {
  if (state.message) return state.message;
  if (state.status) {
    const since = age(state.status.since, state.now);
    return { text: `last known state, ${since} old: ${state.status.reason}`, error: true };
  }
  const row = selectedRow(state);
  if (row?.trouble) return { text: `${row.agent}: ${row.trouble.reason}`, error: true };
  return { text: "", error: false };
}
