import { findKey, type When } from "../keys.ts";
import { automatic } from "./capacity.ts";
import { adoptForm, cloneForm, editForm, newForm, type Form } from "./form.ts";
import { narrowed, pageSize, scrolled, select, selectedIndex, selectedRow } from "./list.ts";
import type { Row } from "./rows.ts";
import type { Action, Effect, Panel, Reduced, State } from "./state.ts";
import { textField } from "./text-field.ts";

/** Whether a key means something for this row. */
export function applies(when: When, row: Row | undefined): boolean {
  switch (when) {
    case "always":
      return true;
    case "row":
      return row !== undefined;
    case "session":
      return row !== undefined && row.orphan === null;
    case "running":
      return row?.state === "running" || row?.state === "connected";
    case "connected":
    case "stopped":
    case "locked":
    case "orphan":
      return row?.state === when;
  }
}

/** A key in the list. The message of the last action goes when the next key comes. */
export function listKey(before: State, name: string): Reduced {
  const state = { ...before, message: null };
  const key = findKey(name);
  const row = selectedRow(state);
  if (!key || !applies(key.when, row)) return stay(state);
  switch (key.command) {
    case "up":
      return stay(select(state, selectedIndex(state) - 1));
    case "down":
      return stay(select(state, selectedIndex(state) + 1));
    case "page-up":
      return stay(select(state, selectedIndex(state) - pageSize(state)));
    case "page-down":
      return stay(select(state, selectedIndex(state) + pageSize(state)));
    case "first":
      return stay(select(state, 0));
    case "last":
      return stay(select(state, state.rows.length - 1));
    case "attach":
      return attach(state, row);
    case "attach-nth":
      return nth(state, Number(name));
    case "new":
      return stay(openNew(state));
    case "clone":
      return row ? stay(openForm(state, cloneForm(row))) : stay(state);
    case "edit":
      return row ? stay(openForm(state, editForm(row))) : stay(state);
    case "background":
      return row ? { state, effects: [callOn(row, "background")] } : stay(state);
    case "adopt":
      return row?.orphan ? stay(openAdopt(state, row)) : stay(state);
    case "delete":
      return row
        ? stay(open(state, { kind: "confirm", op: row.orphan ? "remove-orphan" : "delete", row }))
        : stay(state);
    case "kill":
    case "override":
    case "restart":
      return row ? stay(open(state, { kind: "confirm", op: key.command, row })) : stay(state);
    case "filter":
      return stay(open(state, { kind: "filter", field: textField(state.filter) }));
    case "settings":
      return stay(open(state, { kind: "settings" }));
    case "suspend":
      return { state, effects: [{ type: "suspend" }] };
    case "help":
      return stay(open(state, { kind: "help" }));
    case "quit":
      // Esc leaves what is entered last: a filter before the list.
      if (name === "ESCAPE" && state.filter !== "") return stay(narrowed({ ...state, filter: "" }));
      return { state, effects: [{ type: "quit" }] };
  }
}

const stay = (state: State): Reduced => ({ state, effects: [] });

export const open = (state: State, panel: Panel | null): State => scrolled({ ...state, panel });
export const openForm = (state: State, form: Form): State => open(state, { kind: "form", form });

export const callOn = ({ session }: Row, op: Action): Effect => ({
  type: "call",
  agentId: session.agent_id,
  op,
  id: session.uuid,
  name: session.name,
});

function attach(state: State, row: Row | undefined): Reduced {
  const effects: Effect[] = row ? [{ type: "attach", row }] : [];
  return { state, effects };
}

/** The number stands beside the row on the screen. */
function nth(state: State, number: number): Reduced {
  const index = state.top + number - 1;
  if (number > pageSize(state) || index >= state.rows.length) return stay(state);
  const row = state.rows[index];
  return row?.orphan ? stay(select(state, index)) : attach(select(state, index), row);
}

const openNew = (state: State): State => pickAgent(state, (agentId) => newForm(agentId), null);

const openAdopt = (state: State, row: Row): State =>
  pickAgent(state, (agentId) => adoptForm(agentId, row), row);

/** The form for the only agent, or asks for which of them; `orphan`: what is adopted. */
function pickAgent(state: State, form: (agentId: string) => Form, orphan: Row | null): State {
  const ids = [...state.fleet.agents.keys()].sort((a, b) => hostOf(state, a).localeCompare(hostOf(state, b)));
  const [first] = ids;
  if (first === undefined) {
    return open(state, {
      kind: "notice",
      title: "No agent",
      text: "A session needs an agent host. Add one under convocate:hosts in stacks/Pulumi.<stack>.yaml on the operator machine, then run `pulumi up`.",
    });
  }
  if (ids.length === 1) return openForm(state, form(first));
  const choices = automatic(state) === null ? ids : [null, ...ids];
  const current = selectedRow(state)?.session.agent_id;
  const at = current === undefined ? 0 : Math.max(0, choices.indexOf(current));
  return open(state, { kind: "pick-agent", choices, at, orphan });
}

const hostOf = (state: State, id: string): string => state.fleet.agents.get(id)?.host ?? id;
