import { stateChar } from "../../protocol/session.ts";
import { keys } from "../keys.ts";
import { panelHeight } from "../state/panel-height.ts";
import type { Confirmation, Panel, State } from "../state/state.ts";
import { age } from "./age.ts";
import { clean } from "./clean.ts";
import { formLines } from "./form.ts";
import { fitLine, span, type Line } from "./line.ts";
import { wrap } from "./width.ts";

/** Where the caret stands, in lines of the panel and columns from 0. */
export interface Caret {
  row: number;
  col: number;
}

/** The open panel in as many lines as it gets. */
export function panelLines(state: State): { lines: Line[]; caret: Caret | null } {
  const { panel, size } = state;
  const height = panelHeight(state);
  if (!panel || height === 0) return { lines: [], caret: null };
  const { title, body, caret } = content(state, panel);
  const rule = `-- ${title} `;
  const heading = span(`${rule}${"-".repeat(Math.max(0, size.cols - rule.length))}`, { bold: true });
  const lines = [[heading], ...body].slice(0, height).map((line) => fitLine(line, size.cols));
  while (lines.length < height) lines.push(fitLine([], size.cols));
  return { lines, caret: caret && caret.row + 1 < height ? { row: caret.row + 1, col: caret.col } : null };
}

interface Content {
  title: string;
  body: Line[];
  caret: Caret | null;
}

const text = (line: string): Line => [span(`   ${line}`)];

function content(state: State, panel: Panel): Content {
  switch (panel.kind) {
    case "confirm":
      return { ...confirmation(panel), caret: null };
    case "pick-agent":
      return { title: "New session: on which agent?", body: agentLines(state, panel), caret: null };
    case "form": {
      const host = state.fleet.agents.get(panel.form.agentId)?.host ?? panel.form.agentId;
      return { title: `New session on ${clean(host)}`, ...formLines(panel.form, state.size.cols) };
    }
    case "notice":
      return {
        title: panel.title,
        body: wrap(clean(panel.text), state.size.cols - 6, 4).map(text),
        caret: null,
      };
    case "help":
      return { title: "Keys", body: helpLines(), caret: null };
  }
}

function confirmation({ op, row }: Confirmation): Pick<Content, "title" | "body"> {
  const name = clean(row.session.name);
  const attached = row.state === "connected" ? " Somebody is attached." : "";
  const what = {
    kill: {
      title: `Kill ${name}?`,
      line: `Its container is stopped (10 s grace); the session stays.${attached}`,
    },
    delete: {
      title: `Delete ${name}?`,
      line: `The session and everything in its home is removed.${attached}`,
    },
    restart: { title: `Start ${name}?`, line: "Its container starts, with nobody attached." },
  }[op];
  return {
    title: what.title,
    body: [
      text(what.line),
      text(`on ${clean(row.agent)}, ${row.session.uuid}`),
      text("Y confirms, N or Esc cancels."),
    ],
  };
}

function agentLines(state: State, { ids, at }: Extract<Panel, { kind: "pick-agent" }>): Line[] {
  // As many as fit, with the chosen one among them.
  const room = Math.max(1, panelHeight(state) - 1);
  const top = Math.max(0, at - room + 1);
  return ids.slice(top, top + room).map((id, i) => {
    const agent = state.fleet.agents.get(id);
    const running = state.rows.filter((row) => row.session.agent_id === id && row.state !== "stopped").length;
    const health =
      agent?.health === "up"
        ? `${String(running)} running`
        : `${agent?.health ?? "gone"} ${age(agent?.since, state.now)}`;
    const index = top + i;
    const number = index < 9 ? String(index + 1) : " ";
    const line = `${index === at ? ">" : " "}${number} ${clean(agent?.host ?? id)}  (${health})`;
    return [span(line, index === at ? { reverse: true } : {})];
  });
}

function helpLines(): Line[] {
  const states = `${stateChar.stopped} stopped  ${stateChar.locked} locked  ${stateChar.running} running  ${stateChar.connected} connected`;
  return [
    ...keys.map(({ label, does }): Line => [span(`   ${label.padEnd(8)}`, { bold: true }), span(does)]),
    [span("   Ctrl-B D", { bold: true }), span(" in a session: back to the list")],
    text(`States: ${states}`),
  ];
}
