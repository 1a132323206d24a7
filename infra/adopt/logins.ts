import { parsePublicKey, sameKey } from "../../protocol/keys.ts";

/** Who may log in to a v2 shell host, as a stack file says it. */
export interface Logins {
  /** Those that the stack does not have yet, by name: `ssh-ed25519 AAAA…`. */
  operators: Record<string, string>;
  /** Keys that cannot be operators', as `TYPE COMMENT`. */
  lost: string[];
}

/** A key line without its options, which come first and may have blanks in quotes. */
const keyIn = (line: string) =>
  parsePublicKey(line.replace(/^.*?(?=\b(?:ssh|ecdsa|sk-ssh|sk-ecdsa)-\S+ AAAA)/, ""));

const sameLine = (one: string, two: string): boolean => {
  const [a, b] = [parsePublicKey(one), parsePublicKey(two)];
  return a !== null && b !== null && sameKey(a.blob, b.blob);
};

/** A comment is `alice@laptop` more often than not. */
function nameFor(comment: string, taken: (name: string) => boolean): string {
  const whole = comment
    .trim()
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .slice(0, 60);
  const person =
    comment
      .trim()
      .split("@")[0]
      ?.replace(/[^A-Za-z0-9._-]+/g, "-")
      .slice(0, 60) ?? "";
  const wishes = [person, whole].filter((name) => name !== "" && name !== "-");
  const free = wishes.find((name) => !taken(name));
  if (free !== undefined) return free;
  const stem = wishes[0] ?? "operator";
  for (let number = 2; ; number++)
    if (!taken(`${stem}-${String(number)}`)) return `${stem}-${String(number)}`;
}

/** Reads authorized_keys of v2's login on the shell host. `known`: the stack's operators. */
export function readLogins(lines: readonly string[], known: Readonly<Record<string, string>>): Logins {
  const operators: Record<string, string> = {};
  const lost: string[] = [];
  for (const line of lines) {
    if (line.trim() === "" || line.trim().startsWith("#")) continue;
    const key = keyIn(line);
    // The line by which v2's shell host reaches an agent on the same machine is nobody's.
    if (key?.comment.startsWith("shell->agent=")) continue;
    if (key?.type !== "ssh-ed25519") {
      lost.push(key ? `${key.type} ${key.comment}`.trim() : `a line that is no key: ${line.slice(0, 30)}…`);
      continue;
    }
    const bare = `ssh-ed25519 ${key.blob.toString("base64")}`;
    if (Object.values({ ...known, ...operators }).some((other) => sameLine(other, bare))) continue;
    operators[nameFor(key.comment, (name) => name in known || name in operators)] = bare;
  }
  return { operators, lost };
}
