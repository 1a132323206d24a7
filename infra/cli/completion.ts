import type { Command } from "commander";
import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";
import { StackFile } from "./stack-file.ts";
import { stackNames } from "./stacks.ts";

/** A verb's words, such as `state export`, and its options. */
export interface Completable {
  words: string[];
  options: { long: string; about: string }[];
  about: string;
}

/** Every verb of the command table that help shows. */
export function completables(root: Command): Completable[] {
  return root.commands.flatMap((verb) => {
    const options = verb.options
      .filter(({ hidden, long }) => !hidden && long)
      .map(({ long, description }) => ({ long: long ?? "", about: description }));
    const own = { words: [verb.name()], options, about: verb.description() };
    const below = completables(verb).map((inner) => ({ ...inner, words: [verb.name(), ...inner.words] }));
    return [own, ...below];
  });
}

/** Hosts of every stack file: which stack is meant is not known before the line is whole. */
function hostNames({ root, home }: Context): string[] {
  const names = stackNames(root).flatMap((stack) => {
    try {
      return StackFile.read(root, stack, { home }).hosts;
    } catch (error) {
      if (error instanceof CliError) return [];
      throw error;
    }
  });
  // Shells expand words that they complete: what is no host's name is not handed to them.
  return [...new Set(names)].filter((name) => /^[a-z0-9-]+$/.test(name));
}

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

const subVerbs = (all: readonly Completable[], under: readonly string[]) =>
  all.filter(
    ({ words }) => words.length === under.length + 1 && under.every((word, at) => words[at] === word),
  );

const choices: Record<string, string[]> = { "--role": ["shell", "agent"] };
const files = ["--identity", "--passphrase-file"];
const shells = ["bash", "zsh", "fish"];

interface Names {
  hosts: string[];
  stacks: string[];
}

/** Verbs whose argument is a host. */
const takeHosts = ["trust", "adopt"];

function bash(all: readonly Completable[], { hosts, stacks }: Names): string {
  const cases = all.map(({ words, options }) => {
    const next = subVerbs(all, words).map((verb) => verb.words.at(-1) ?? "");
    const more = words[0] === "completion" ? shells : takeHosts.includes(words[0] ?? "") ? hosts : [];
    const list = [...next, ...more, ...options.map(({ long }) => long), "--help"].join(" ");
    return `    ${quote(words.join(" "))}) list=${quote(list)} ;;`;
  });
  const top = subVerbs(all, []).map(({ words }) => words[0] ?? "");
  return `# bash completion of convocate-host: convocate-host completion bash > /etc/bash_completion.d/convocate-host
_convocate_host() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} verb='' list='' word
  case $previous in
    --host) COMPREPLY=($(compgen -W ${quote(hosts.join(" "))} -- "$current")); return ;;
    --shell) COMPREPLY=($(compgen -W ${quote(hosts.join(" "))} -- "$current")); return ;;
    --stack) COMPREPLY=($(compgen -W ${quote(stacks.join(" "))} -- "$current")); return ;;
${Object.entries(choices)
  .map(
    ([option, words]) =>
      `    ${option}) COMPREPLY=($(compgen -W ${quote(words.join(" "))} -- "$current")); return ;;`,
  )
  .join("\n")}
    ${files.join("|")}) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  case $previous:$current in
    export:-* | restore:-*) ;;
    export:* | restore:*) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${verb:+$verb }$word" in
      ${all.map(({ words }) => quote(words.join(" "))).join(" | ")}) verb="\${verb:+$verb }$word" ;;
    esac
  done
  case $verb in
${cases.join("\n")}
    *) list=${quote([...top, "help", "--help"].join(" "))} ;;
  esac
  COMPREPLY=($(compgen -W "$list" -- "$current"))
}
complete -F _convocate_host convocate-host
`;
}

const zsh = (all: readonly Completable[], names: Names) => `#compdef convocate-host
# zsh completion of convocate-host: put it into a folder of $fpath as _convocate-host
autoload -U +X bashcompinit && bashcompinit
${bash(all, names)}`;

function fish(all: readonly Completable[], { hosts, stacks }: Names): string {
  const complete = (condition: string, rest: string) =>
    `complete -c convocate-host -f -n ${quote(condition)} ${rest}`;
  const inside = (words: readonly string[]) =>
    words.map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ");
  const values = (long: string): string => {
    const words =
      long === "--host" || long === "--shell" ? hosts : long === "--stack" ? stacks : choices[long];
    if (files.includes(long)) return " -r -F";
    return words ? ` -x -a ${quote(words.join(" "))}` : "";
  };
  const lines = all.flatMap(({ words, options, about }) => {
    const above = words.slice(0, -1);
    const condition = above.length === 0 ? "__fish_use_subcommand" : inside(above);
    return [
      complete(condition, `-a ${words.at(-1) ?? ""} -d ${quote(about)}`),
      ...options.map(({ long, about: text }) =>
        complete(inside(words), `-l ${long.slice(2)} -d ${quote(text)}${values(long)}`),
      ),
    ];
  });
  for (const verb of takeHosts) lines.push(complete(inside([verb]), `-a ${quote(hosts.join(" "))}`));
  lines.push(complete(inside(["completion"]), `-a ${quote(shells.join(" "))}`));
  return `# fish completion of convocate-host: convocate-host completion fish > ~/.config/fish/completions/convocate-host.fish\n${lines.join("\n")}\n`;
}

/** `completion SHELL`: a script made of the command table, and of the hosts there are now. */
export function completion(context: Context, root: Command, shell: string): number {
  const all = completables(root);
  const names = {
    hosts: hostNames(context),
    stacks: stackNames(context.root).filter((name) => /^[\w.-]+$/.test(name)),
  };
  const script = { bash, zsh, fish }[shell];
  if (!script)
    throw new CliError("usage", `completion: got ${JSON.stringify(shell)}`, "Name bash, zsh or fish.");
  context.stdout.write(script(all, names));
  return 0;
}
