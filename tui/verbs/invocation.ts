import { ConvocateError } from "../../protocol/errors.ts";
import { splitWords } from "./words.ts";

/** What a start of `convocate` asks for. */
export type Invocation = { operator: string | null } & (
  | { kind: "tui" }
  /** `remote`: it came over SSH, where options that name files of this machine have no place. */
  | { kind: "verb"; words: string[]; remote: boolean }
);

/**
 * Tells the ways in which the program is started apart: by hand, as a login shell (`-c LINE`, or nothing for the
 * TUI), or as the forced command `login --operator NAME` of a key, which sshd gives to the login shell as a `-c` line.
 * `original` is SSH_ORIGINAL_COMMAND.
 */
export function readInvocation(argv: string[], original: string | undefined): Invocation {
  const [first, line] = argv;
  if (first === "-c") return fromWords(withoutName(splitWords(line ?? "")), original, true);
  return fromWords(argv, original, false);
}

function fromWords(words: string[], original: string | undefined, remote: boolean): Invocation {
  if (words[0] === "login") {
    const operator = operatorOf(words.slice(1));
    return original === undefined ? { kind: "tui", operator } : fromOriginal(original, operator);
  }
  if (words.length === 0 && original !== undefined) return fromOriginal(original, null);
  if (words.length === 0) return { kind: "tui", operator: null };
  return { kind: "verb", words, remote, operator: null };
}

function fromOriginal(original: string, operator: string | null): Invocation {
  const words = withoutName(splitWords(original));
  if (words.length === 0) return { kind: "tui", operator };
  // Who somebody is stands in authorized_keys, not in what they ask for.
  if (words[0] === "login") throw new ConvocateError("usage", "login is for authorized_keys only");
  return { kind: "verb", words, remote: true, operator };
}

/** `ssh host convocate ls` and `ssh host ls` mean the same. */
function withoutName(words: string[]): string[] {
  return words[0]?.split("/").at(-1) === "convocate" ? words.slice(1) : words;
}

function operatorOf(words: string[]): string | null {
  const [option, name, ...more] = words;
  if (option === undefined) return null;
  if (option === "--operator" && name !== undefined && /^[A-Za-z0-9._-]{1,64}$/.test(name) && !more.length) {
    return name;
  }
  throw new ConvocateError(
    "usage",
    "login takes --operator NAME (1-64 letters, digits, . _ -) and nothing else",
  );
}
