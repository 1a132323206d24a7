import { keys } from "../keys.ts";
import { fieldsOf } from "./form.ts";
import type { State } from "./state.ts";

/** Lines an error text gets in a form, wrapped. */
export const errorLines = 3;

/** Lines the open panel takes, its heading included; never the whole screen, so that the list stays in sight. */
export function panelHeight(state: State): number {
  const wanted = wantedHeight(state);
  return Math.min(wanted, Math.max(0, state.size.rows - 5));
}

/** From this width on the help stands in two columns. */
export const helpColumns = ({ size }: Pick<State, "size">): number => (size.cols >= 80 ? 2 : 1);

/** Lines of the help after those of keys. */
const helpExtra = 2;

function wantedHeight(state: State): number {
  const { panel, fleet } = state;
  switch (panel?.kind) {
    case undefined:
      return 0;
    case "confirm":
      return panel.op === "override" || panel.op === "restart" || panel.op === "remove-orphan" ? 4 : 5;
    case "pick-agent":
      return panel.choices.length + 1;
    case "form":
      return 1 + fieldsOf(panel.form).length + errorLines;
    case "notice":
      return 5;
    case "filter":
      return 2;
    case "settings":
      return fleet.agents.size + 3;
    case "help":
      return 1 + Math.ceil(keys.length / helpColumns(state)) + helpExtra;
  }
}
