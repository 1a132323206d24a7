import { clean } from "../render/clean.ts";
import { sizeText } from "../render/size.ts";

/** Milliseconds between two lines. */
const every = 1_000;

/** Tells, once a second at most, how far an adoption is and how fast. */
export function progress(
  name: string,
  line: (text: string) => void,
  now: () => number = Date.now,
): (bytes: number, total: number) => void {
  const begun = now();
  let last = begun;
  return (bytes, total) => {
    const at = now();
    if (at - last < every) return;
    last = at;
    const rate = sizeText(Math.round((bytes * 1_000) / (at - begun)));
    line(`adopting ${clean(name)}: ${sizeText(bytes)} of about ${sizeText(total)}, ${rate}/s`);
  };
}
