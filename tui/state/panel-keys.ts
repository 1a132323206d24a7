import { ConvocateError } from "../../protocol/errors.ts";
import { createParams, formKey, newForm, type Form } from "./form.ts";
import { open } from "./list-keys.ts";
import type { Confirmation, Panel, Reduced, State } from "./state.ts";

const stay = (state: State): Reduced => ({ state, effects: [] });
const isEnter = (name: string): boolean => name === "ENTER" || name === "KP_ENTER";
const isCancel = (name: string): boolean => name === "ESCAPE" || name === "CTRL_C";

/** A key while a panel is open: it belongs to the panel alone. */
export function panelKey(state: State, panel: Panel, name: string): Reduced {
  if (isCancel(name)) return stay(open(state, null));
  switch (panel.kind) {
    case "confirm":
      return confirmKey(state, panel, name);
    case "pick-agent":
      return stay(pickKey(state, panel, name));
    case "form":
      return isEnter(name)
        ? submit(state, panel.form)
        : stay(open(state, withForm(formKey(panel.form, name))));
    case "notice":
    case "help":
      return stay(open(state, null));
  }
}

const withForm = (form: Form): Panel => ({ kind: "form", form });

function confirmKey(state: State, { op, row }: Confirmation, name: string): Reduced {
  if (name === "y" || name === "Y") {
    const { agent_id: agentId, uuid: id, name: title } = row.session;
    return { state: open(state, null), effects: [{ type: "call", agentId, op, id, name: title }] };
  }
  return stay(name === "n" || name === "N" ? open(state, null) : state);
}

function pickKey(state: State, panel: Extract<Panel, { kind: "pick-agent" }>, name: string): State {
  const { ids, at } = panel;
  const move = (index: number) => open(state, { ...panel, at: Math.max(0, Math.min(index, ids.length - 1)) });
  if (name === "UP" || name === "SHIFT_TAB") return move(at - 1);
  if (name === "DOWN" || name === "TAB") return move(at + 1);
  if (name === "HOME") return move(0);
  if (name === "END") return move(ids.length - 1);
  const picked = /^[1-9]$/.test(name) ? ids[Number(name) - 1] : isEnter(name) ? ids[at] : undefined;
  return picked === undefined ? state : open(state, withForm(newForm(picked)));
}

function submit(state: State, form: Form): Reduced {
  if (form.busy) return stay(state);
  try {
    const params = createParams(form);
    const busy = open(state, withForm({ ...form, busy: true, error: null }));
    return { state: busy, effects: [{ type: "create", agentId: form.agentId, params }] };
  } catch (error) {
    if (!(error instanceof ConvocateError)) throw error;
    return stay(open(state, withForm({ ...form, error: error.message })));
  }
}
