/** A piece of input: whole keys, or text that was pasted. */
export type Input = { kind: "keys"; text: string } | { kind: "paste"; text: string };

/** Escape sequences of the keys we know, each under the name-giving form that the key map has. */
const known: Record<string, string> = {};
for (const key of ["A", "B", "C", "D", "F", "H"]) {
  known[`\x1b[${key}`] = `\x1b[${key}`;
  known[`\x1bO${key}`] = `\x1b[${key}`;
}
for (const [sequence, meant] of [
  ["\x1b[1~", "\x1b[H"],
  ["\x1b[7~", "\x1b[H"],
  ["\x1b[4~", "\x1b[F"],
  ["\x1b[8~", "\x1b[F"],
  ["\x1b[3~", "\x1b[3~"],
  ["\x1b[5~", "\x1b[5~"],
  ["\x1b[6~", "\x1b[6~"],
  ["\x1b[Z", "\x1b[Z"],
  ["\x1bOM", "\x1bOM"],
] as const) {
  known[sequence] = meant;
}

/* eslint-disable no-control-regex -- control characters are what this file is about */
const patterns = {
  /** ECMA-48 §5.4, whole: parameters, intermediates, final byte. */
  csi: /^\x1b\[[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]/,
  csiBegun: /^\x1b\[[\x30-\x3f]*[\x20-\x2f]*$/,
  ss3: /^\x1bO[\x40-\x7e]/,
  /** OSC, DCS, SOS, PM, APC: answers of the terminal, up to their terminator. */
  string: /^\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)/,
  stringBegun: /^\x1b[\]PX^_][^\x07\x1b]*\x1b?$/,
  pasteEnd: "\x1b[201~",
  /** Nothing that terminals send as a key: C1, and what replaces bytes that are no UTF-8. */
  dropped: /[\x80-\x9f\ufffd]/gu,
};
/* eslint-enable no-control-regex */

/** Longest sequence that is waited for. */
const maxPending = 8_192;

/** Longest paste that is kept; no field takes as much. */
const maxPaste = 65_536;

/**
 * Turns a terminal's characters into keys and pastes. Sequences that are no key of ours (answers of the terminal, mouse
 * reports, keys with modifiers) are dropped whole: their letters must not kill and delete. A sequence cut by a
 * read is waited for.
 */
export class InputFilter {
  #pending = "";
  #paste: string | null = null;

  /** Something is held back; `flush` it when nothing follows for a moment. */
  get waiting(): boolean {
    return this.#pending !== "";
  }

  push(text: string): Input[] {
    let rest = this.#pending + text;
    this.#pending = "";
    const out: Input[] = [];
    while (rest !== "") {
      const taken = this.#paste === null ? this.#takeKey(rest, out) : this.#takePaste(rest, out);
      if (taken === 0) {
        this.#pending = rest.length > maxPending ? "" : rest;
        break;
      }
      rest = rest.slice(taken);
    }
    return out;
  }

  /** What was held back is not going on: a lone escape is the key, anything else is nothing. */
  flush(): Input[] {
    const pending = this.#pending;
    if (this.#paste !== null) return [];
    this.#pending = "";
    return pending === "\x1b" ? [{ kind: "keys", text: "\x1b" }] : [];
  }

  /** How many characters are dealt with; 0: more is needed. */
  #takeKey(rest: string, out: Input[]): number {
    if (rest[0] !== "\x1b") return takeText(rest, out);
    if (rest.startsWith("\x1b[M")) return rest.length < 6 ? 0 : 6;
    const whole = (patterns.csi.exec(rest) ?? patterns.ss3.exec(rest) ?? patterns.string.exec(rest))?.[0];
    if (whole === "\x1b[200~") {
      this.#paste = "";
    } else if (whole !== undefined) {
      const meant = known[whole];
      if (meant !== undefined) out.push({ kind: "keys", text: meant });
    }
    if (whole !== undefined) return whole.length;
    if (rest === "\x1b" || rest === "\x1bO") return 0;
    if (patterns.csiBegun.test(rest) || patterns.stringBegun.test(rest)) return 0;
    // Two escapes: the first one is a key. Else Alt and a key, or a broken sequence: nothing of ours.
    if (rest[1] === "\x1b") out.push({ kind: "keys", text: "\x1b" });
    return rest[1] === "\x1b" ? 1 : 2;
  }

  #takePaste(rest: string, out: Input[]): number {
    const end = rest.indexOf(patterns.pasteEnd);
    if (end === -1) {
      // The end mark itself may be cut.
      const escape = rest.lastIndexOf("\x1b");
      const cut = escape !== -1 && patterns.pasteEnd.startsWith(rest.slice(escape)) ? escape : rest.length;
      this.#paste = `${this.#paste ?? ""}${rest.slice(0, cut)}`.slice(0, maxPaste);
      return cut;
    }
    out.push({ kind: "paste", text: `${this.#paste ?? ""}${rest.slice(0, end)}`.slice(0, maxPaste) });
    this.#paste = null;
    return end + patterns.pasteEnd.length;
  }
}

/** Text up to the next escape; each control character by itself, so that one that is unknown takes nothing along. */
function takeText(rest: string, out: Input[]): number {
  const escape = rest.indexOf("\x1b");
  const text = escape === -1 ? rest : rest.slice(0, escape);
  for (const part of text.replace(patterns.dropped, "").split(/(\p{Cc})/u)) {
    if (part !== "") out.push({ kind: "keys", text: part });
  }
  return text.length;
}
