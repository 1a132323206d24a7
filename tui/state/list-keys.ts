import { findKey, type When } from "../keys.ts";
import { newForm } from "./form.ts";
import { pageSize, scrolled, select, selectedIndex, selectedRow } from "./list.ts";
import type { Row } from "./rows.ts";
import type { Effect, Panel, Reduced, State } from "./state.ts";

/** Whether a key means something for this row. */
export function applies(when: When, row: Row | undefined): boolean {
  switch (when) {
    case "always":
      return true;
    case "session":
      return row !== undefined;
    case "running":
      return row?.state === "running" || row?.state === "connected";
    case "stopped":
      return row?.state === "stopped";
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
    case "kill":
    case "delete":
    case "restart":
      return row ? stay(open(state, { kind: "confirm", op: key.command, row })) : stay(state);
    case "help":
      return stay(open(state, { kind: "help" }));
    case "quit":
      return { state, effects: [{ type: "quit" }] };
  }
}

const stay = (state: State): Reduced => ({ state, effects: [] });

export const open = (state: State, panel: Panel | null): State => scrolled({ ...state, panel });

function attach(state: State, row: Row | undefined): Reduced {
  const effects: Effect[] = row ? [{ type: "attach", row }] : [];
  return { state, effects };
}

/** The number stands beside the row on the screen. */
function nth(state: State, number: number): Reduced {
  const index = state.top + number - 1;
  if (number > pageSize(state) || index >= state.rows.length) return stay(state);
  return attach(select(state, index), state.rows[index]);
}

function openNew(state: State): State {
  const ids = [...state.fleet.agents.keys()].sort((a, b) => hostOf(state, a).localeCompare(hostOf(state, b)));
  const [first] = ids;
  if (first === undefined) {
    return open(state, {
      kind: "notice",
      title: "No agent",
      text: "A session needs an agent host. Add one under convocate:hosts in stacks/Pulumi.<stack>.yaml on the operator machine, then run `pulumi up`.",
    });
  }
  if (ids.length === 1) return open(state, { kind: "form", form: newForm(first) });
  const current = selectedRow(state)?.session.agent_id;
  const at = current === undefined ? 0 : Math.max(0, ids.indexOf(current));
  return open(state, { kind: "pick-agent", ids, at });
}

const hostOf = (state: State, id: string): string => state.fleet.agents.get(id)?.host ?? id;
