/**
 * Control (C0, C1), format (bidi, zero width, tags), line separator, private use and unpaired surrogate characters:
 * whatever could move a cursor, hide, reorder or forge what stands on the screen.
 */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]+/gu;

/** Emoji and text presentation selectors change a width in some terminals and not in others. */
const selectors = /[\u{FE00}-\u{FE0F}\u{E0100}-\u{E01EF}]/gu;

/** More marks than any language stacks: they would spill over the lines above and below. */
const stacked = /(\p{M}{2})\p{M}+/gu;

/** Marks without a letter: they would join whatever stands before the text. */
const homeless = /^\p{M}+/u;

const plain = /^[\x20-\x7e]*$/;

/** Text of others made fit to be shown on one line: what is unsafe becomes `?`, and stays visible that way. */
export function clean(text: string): string {
  if (plain.test(text)) return text;
  return text
    .normalize("NFC")
    .replace(unsafe, "?")
    .replace(selectors, "")
    .replace(homeless, "?")
    .replace(stacked, "$1");
}
