import { keys } from "../keys.ts";
import { fieldNames } from "./form.ts";
import type { State } from "./state.ts";

/** Lines an error text gets in a form, wrapped. */
export const errorLines = 3;

/** Lines the open panel takes, its heading included; never the whole screen, so that the list stays in sight. */
export function panelHeight(state: State): number {
  const wanted = wantedHeight(state);
  return Math.min(wanted, Math.max(0, state.size.rows - 5));
}

function wantedHeight({ panel }: State): number {
  switch (panel?.kind) {
    case undefined:
      return 0;
    case "confirm":
      return 4;
    case "pick-agent":
      return panel.ids.length + 1;
    case "form":
      return 1 + fieldNames.length + errorLines;
    case "notice":
      return 5;
    case "help":
      return keys.length + 3;
  }
}
