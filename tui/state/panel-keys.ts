import { ConvocateError } from "../../protocol/errors.ts";
import { automatic } from "./capacity.ts";
import { adoptForm, formEffect, formKey, newForm, type Form } from "./form.ts";
import { narrowed, select, selectedIndex } from "./list.ts";
import { callOn, open, openForm } from "./list-keys.ts";
import type { Row } from "./rows.ts";
import type { Confirmation, Confirmed, Effect, Panel, Reduced, State } from "./state.ts";
import { edit, insert, isCharacter, textField, textOf, type TextField } from "./text-field.ts";

const stay = (state: State): Reduced => ({ state, effects: [] });
const isEnter = (name: string): boolean => name === "ENTER" || name === "KP_ENTER";
const isCancel = (name: string): boolean => name === "ESCAPE" || name === "CTRL_C";

/** A key while a panel is open: it belongs to the panel alone. */
export function panelKey(state: State, panel: Panel, name: string): Reduced {
  if (isCancel(name)) return stay(open(panel.kind === "filter" ? filterBy(state, textField()) : state, null));
  switch (panel.kind) {
    case "confirm":
      return confirmKey(state, panel, name);
    case "pick-agent":
      return stay(pickKey(state, panel, name));
    case "form":
      return isEnter(name) ? submit(state, panel.form) : stay(openForm(state, formKey(panel.form, name)));
    case "filter":
      return stay(filterKey(state, panel.field, name));
    case "notice":
    case "settings":
    case "help":
      return stay(open(state, null));
  }
}

function confirmKey(state: State, { op, row }: Confirmation, name: string): Reduced {
  if (name === "y" || name === "Y") return { state: open(state, null), effects: [confirmed(row, op)] };
  return stay(name === "n" || name === "N" ? open(state, null) : state);
}

function confirmed(row: Row, op: Confirmed): Effect {
  if (op !== "remove-orphan") return callOn(row, op);
  const { uuid, name } = row.session;
  return { type: "remove-orphan", uuid, name };
}

function pickKey(state: State, panel: Extract<Panel, { kind: "pick-agent" }>, name: string): State {
  const { choices, at } = panel;
  const lowest = choices.length - 1;
  const move = (index: number) => open(state, { ...panel, at: Math.max(0, Math.min(index, lowest)) });
  if (name === "UP" || name === "SHIFT_TAB") return move(at - 1);
  if (name === "DOWN" || name === "TAB") return move(at + 1);
  if (name === "HOME") return move(0);
  if (name === "END") return move(lowest);
  const picked = isEnter(name) ? choices[at] : numbered(choices, name);
  const id = picked === null ? automatic(state)?.agent_id : picked;
  if (id === undefined) return state;
  return openForm(state, panel.orphan ? adoptForm(id, panel.orphan) : newForm(id));
}

/** *auto* is 0, where it is offered; agents begin at 1. */
export const firstNumber = (choices: (string | null)[]): number => (choices[0] === null ? 0 : 1);

const numbered = (choices: (string | null)[], name: string): string | null | undefined =>
  /^[0-9]$/.test(name) ? choices[Number(name) - firstNumber(choices)] : undefined;

/** Every key narrows the list at once; the highlight moves meanwhile. */
function filterKey(state: State, field: TextField, name: string): State {
  if (isEnter(name)) return open(state, null);
  if (name === "UP") return select(state, selectedIndex(state) - 1);
  if (name === "DOWN") return select(state, selectedIndex(state) + 1);
  return filterBy(state, edit(field, name) ?? (isCharacter(name) ? insert(field, name) : field));
}

/** The list with the filter that is being typed. */
export const filterBy = (state: State, field: TextField): State =>
  narrowed({ ...open(state, { kind: "filter", field }), filter: textOf(field) });

function submit(state: State, form: Form): Reduced {
  if (form.busy) return stay(state);
  try {
    const effect = formEffect(form);
    return { state: openForm(state, { ...form, busy: true, error: null }), effects: [effect] };
  } catch (error) {
    if (!(error instanceof ConvocateError)) throw error;
    return stay(openForm(state, { ...form, error: error.message }));
  }
}
