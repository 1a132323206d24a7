import { keys } from "../keys.ts";
import { selectedRow } from "../state/list.ts";
import { applies } from "../state/list-keys.ts";
import type { State } from "../state/state.ts";
import { age } from "./age.ts";
import { clean } from "./clean.ts";
import { fitLine, lineText, span, type Line } from "./line.ts";
import { sizeText } from "./size.ts";
import { width } from "./width.ts";

/** The last line: keys that mean something now. */
export function footerLine(state: State): Line {
  const offered = footerKeys(state);
  // Where there is no room for all, help and quit stay.
  while (offered.length > 3 && width(lineText(lineOf(offered)).trimEnd()) > state.size.cols)
    offered.splice(-3, 1);
  return fitLine(lineOf(offered), state.size.cols);
}

const lineOf = (offered: [string, string][]): Line => [
  span(" "),
  ...offered.flatMap(([label, word]) => [span(label, { bold: true, reverse: true }), span(` ${word}  `)]),
];

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
        [
          "Enter",
          { create: "create", edit: "save", clone: "clone", adopt: "adopt" }[state.panel.form.purpose.kind],
        ],
        ["Esc", "cancel"],
      ];
    case "filter":
      return [
        ["Enter", "keep the filter"],
        ["Esc", "show all"],
      ];
    case "notice":
    case "settings":
    case "help":
      return [["any key", "close"]];
  }
}

/** The line above the footer: that the list is filtered, and what just happened or keeps something out of reach. */
export function messageLine(state: State): Line {
  const { text, error } = messageOf(state);
  const said = span(` ${clean(text)}`, error ? { bold: true, color: "red" } : {});
  return fitLine([...filterSpan(state), said], state.size.cols);
}

/** A filter in force is always told: a list that lacks rows would lie without it. */
function filterSpan(state: State): Line {
  if (state.filter === "" || state.panel?.kind === "filter") return [];
  return [span(` filter: ${clean(state.filter)} (${shownOf(state)}); Esc shows all `)];
}

function messageOf(state: State): { text: string; error: boolean } {
  if (state.message) return state.message;
  if (state.status) {
    const since = age(state.status.since, state.now);
    return { text: `last known state, ${since} old: ${state.status.reason}`, error: true };
  }
  const row = selectedRow(state);
  if (row?.trouble) return { text: `${row.agent}: ${row.trouble.reason}`, error: true };
  if (row?.orphan) {
    const size = row.orphan.bytes === undefined ? "" : `, ${sizeText(row.orphan.bytes)}`;
    return {
      text: `an orphan${size}: no agent has it. A makes it a session of one, D deletes it`,
      error: false,
    };
  }
  if (row?.nameHolder) {
    const name = row.session.dns_name ?? "";
    return { text: `DNS name ${name} leads to ${row.nameHolder}: E gives this one another`, error: true };
  }
  return { text: "", error: false };
}

/** How much of the list the filter lets through. */
export const shownOf = ({ rows, all }: State): string => `${String(rows.length)} of ${String(all.length)}`;
