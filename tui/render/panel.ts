import { panelHeight } from "../state/panel-height.ts";
import type { Form } from "../state/form.ts";
import type { Row } from "../state/rows.ts";
import type { Confirmation, Confirmed, Panel, State } from "../state/state.ts";
import { pickLines, settingsLines } from "./agents.ts";
import { clean } from "./clean.ts";
import { shownOf } from "./footer.ts";
import { formLines, view } from "./form.ts";
import { helpLines } from "./help.ts";
import { fitLine, span, type Line } from "./line.ts";
import { sizeText } from "./size.ts";
import { width, wrap } from "./width.ts";

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
  const heading = span(`${rule}${"-".repeat(Math.max(0, size.cols - width(rule)))}`, { bold: true });
  // Where there is no room for all of a form, the field that is typed in stays in sight.
  const top = caret ? Math.max(0, caret.row - (height - 2)) : 0;
  const lines = [[heading], ...body.slice(top)].slice(0, height).map((line) => fitLine(line, size.cols));
  while (lines.length < height) lines.push(fitLine([], size.cols));
  const row = caret ? caret.row + 1 - top : height;
  return { lines, caret: caret && row < height ? { row, col: caret.col } : null };
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
      return { ...confirmation(state, panel), caret: null };
    case "pick-agent": {
      const what = panel.orphan ? `Adopt ${clean(panel.orphan.session.name)}` : "New session";
      return { title: `${what}: on which agent?`, body: pickLines(state, panel), caret: null };
    }
    case "form": {
      const host = clean(state.fleet.agents.get(panel.form.agentId)?.host ?? panel.form.agentId);
      return { title: formTitle(panel.form, host), ...formLines(panel.form, state.size.cols) };
    }
    case "filter": {
      const { text: typed, col } = view(panel.field, Math.max(1, state.size.cols - 6));
      return {
        title: `Filter: ${shownOf(state)}`,
        body: [[span(" > ", { bold: true }), span(typed)]],
        caret: { row: 0, col: 3 + col },
      };
    }
    case "settings":
      return { title: "Settings", body: settingsLines(state), caret: null };
    case "notice":
      return {
        title: panel.title,
        body: wrap(clean(panel.text), state.size.cols - 6, 4).map(text),
        caret: null,
      };
    case "help":
      return { title: "Keys", body: helpLines(state), caret: null };
  }
}

function formTitle({ purpose }: Form, host: string): string {
  if (purpose.kind === "create") return `New session on ${host}`;
  const name = clean(purpose.row.session.name);
  const verb = { clone: "Clone", edit: "Edit", adopt: "Adopt" }[purpose.kind];
  return `${verb} ${name} on ${host}`;
}

function confirmation({ all }: State, { op, row: asked }: Confirmation): Pick<Content, "title" | "body"> {
  // Somebody may have come or gone since the question was put.
  const row = all.find(({ key }) => key === asked.key) ?? asked;
  const name = clean(row.session.name);
  const what = {
    kill: {
      title: `Kill ${name}?`,
      line: "Its container is stopped (10 s grace); the session stays.",
    },
    delete: {
      title: `Delete ${name}?`,
      line: "The session and everything in its home is removed.",
    },
    "remove-orphan": {
      title: `Delete the orphan ${name}?`,
      line: `The directory and everything in it is removed${row.orphan ? `: ${sizeText(row.orphan.bytes)}` : ""}.`,
    },
    restart: { title: `Start ${name}?`, line: "Its container starts, with nobody attached." },
    override: {
      title: `Override the lock of ${name}?`,
      line: "Only a lock that nobody holds any more is removed; the agent checks that.",
    },
    "kill-and-restart": {
      title: `Kill and restart ${name}, so that the change takes effect?`,
      line: "What runs in it ends.",
    },
  }[op];
  return {
    title: what.title,
    body: [
      text(what.line),
      ...(asksOfOthers(op) ? [text(attachedText(row))] : []),
      text(`on ${clean(row.agent)}, ${row.session.uuid}`),
      text("Y confirms, N or Esc cancels."),
    ],
  };
}

/** Whether somebody may be attached to what it is done to. */
const asksOfOthers = (op: Confirmed): boolean =>
  op !== "override" && op !== "restart" && op !== "remove-orphan";

/** Who would be detached. An agent of v2 tells that somebody is there, and not who. */
function attachedText({ state, session }: Row): string {
  if (state !== "connected") return "Nobody is attached.";
  const names = (session.operators ?? []).map(clean);
  return names.length === 0 ? "This detaches whoever is attached." : `This detaches ${names.join(", ")}.`;
}
