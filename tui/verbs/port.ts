import { parsePort } from "../state/form.ts";

/** A port on a command line: as in the form, and `none`, and -1 for a free one as agents take it. */
export function portOf(text: string): number {
  if (text === "none") return 0;
  return text === "-1" ? -1 : parsePort(text);
}
