import type { Argument, Command, Option } from "commander";

/** What is looked up when it is asked for; every other placeholder of options and arguments is free text. */
const sources = ["session", "orphan", "agent", "file", "path", "folder"] as const;
export type Source = (typeof sources)[number];

/** What fits at the cursor. */
export type Wanted =
  | { kind: "verbs" | "options" | "nothing" }
  /** `choices` are words that fit as they are; the word at the cursor begins with `prefix`, such as `--agent=`. */
  | { kind: "value"; source: Source | null; choices: readonly string[]; prefix: string };

export interface Place {
  /** The verb that was typed, or the root. */
  command: Command;
  /** Options with values before the cursor, by their names in `command.opts()`. */
  given: Record<string, string>;
  wanted: Wanted;
}

/** Verbs that people see, `help` among them. */
export const verbsOf = (command: Command): Command[] => command.createHelp().visibleCommands(command);

/** What may stand after `before` on a command line of `root`'s, given what is typed of the word at the cursor. */
export function walk(root: Command, before: readonly string[], current: string): Place {
  let command = root;
  let position = 0;
  let pending: Option | undefined;
  let literal = false;
  const given: Record<string, string> = {};
  // Options of the root are understood behind a verb too.
  const optionOf = (flag: string) =>
    [...command.options, ...root.options].find(({ long, short }) => long === flag || short === flag);
  const place = (wanted: Wanted): Place => ({ command, given, wanted });

  for (const word of before) {
    if (pending) {
      given[pending.attributeName()] = word;
      pending = undefined;
    } else if (!literal && word === "--") literal = true;
    else if (!literal && word.startsWith("-")) {
      const [flag, value] = split(word);
      const option = optionOf(flag);
      if (option?.required && value === undefined) pending = option;
      if (option && value !== undefined) given[option.attributeName()] = value;
    } else if (command === root) {
      const verb = verbsOf(root).find((known) => known.name() === word);
      if (!verb) return place({ kind: "nothing" });
      command = verb;
    } else position += 1;
  }

  if (pending) return place(valueOf(pending, ""));
  if (!literal && current.startsWith("-")) {
    const [flag, value] = split(current);
    if (value === undefined) return place({ kind: "options" });
    const option = optionOf(flag);
    return place(option?.required ? valueOf(option, `${flag}=`) : { kind: "nothing" });
  }
  if (command === root || (command.name() === "help" && position === 0)) return place({ kind: "verbs" });
  const argument = command.registeredArguments[position];
  return place(argument ? argumentOf(argument) : { kind: "nothing" });
}

function split(word: string): [flag: string, value: string | undefined] {
  const at = word.indexOf("=");
  return at === -1 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

const argumentOf = (argument: Argument): Wanted => ({
  kind: "value",
  source: sourceOf([argument.name()]),
  choices: argument.argChoices ?? [],
  prefix: "",
});

/** The flags say what fits: `--agent <agent>`, `--protocol <tcp|udp>`, `--port <number|auto|none>`. */
function valueOf({ flags }: Option, prefix: string): Wanted {
  const [, placeholder = ""] = /<([^>]*)>$/.exec(flags) ?? [];
  const words = placeholder.split("|");
  const choices = words.length === 1 ? [] : words.filter((word) => word !== "number" && !sourceOf([word]));
  return { kind: "value", source: sourceOf(words), choices, prefix };
}

const sourceOf = (words: readonly string[]): Source | null =>
  sources.find((source) => words.includes(source)) ?? null;
