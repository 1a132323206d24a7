import { panelHeight } from "./panel-height.ts";
import { chromeRows, type State } from "./state.ts";
import { filtered } from "./filter.ts";
import { rowsOf, type Row } from "./rows.ts";

/** How many rows are shown at once. */
export const pageSize = (state: State): number =>
  Math.max(1, state.size.rows - chromeRows - panelHeight(state));

export const selectedIndex = (state: State): number =>
  Math.max(
    0,
    state.rows.findIndex((row) => row.key === state.selected),
  );

export const selectedRow = (state: State): Row | undefined => state.rows[selectedIndex(state)];

/** Moves the highlight to row `index`, as far as there are rows, and scrolls it into view. */
export function select(state: State, index: number): State {
  const at = Math.max(0, Math.min(index, state.rows.length - 1));
  return scrolled({ ...state, selected: state.rows[at]?.key ?? null });
}

/** The state with the highlighted row in view and no empty space below the last row. */
export function scrolled(state: State): State {
  const page = pageSize(state);
  const at = selectedIndex(state);
  const lowest = Math.max(0, state.rows.length - page);
  const top = Math.min(Math.max(state.top, at - page + 1), at, lowest);
  return top === state.top ? state : { ...state, top };
}

/** Rows anew after fleet or links changed. */
export const refreshed = (state: State): State =>
  narrowed({ ...state, all: rowsOf(state.fleet, state.links) });

/** Shown rows anew. A highlighted session that is gone leaves the highlight where it was. */
export function narrowed(state: State): State {
  const index = selectedIndex(state);
  const next = { ...state, rows: filtered(state.all, state.filter) };
  return next.rows.some((row) => row.key === state.selected) ? scrolled(next) : select(next, index);
}
