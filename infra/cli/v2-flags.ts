import type { Command } from "commander";
import { CliError } from "./cli-error.ts";

/** A flag of v2's program, and what became of it. */
export interface OldFlag {
  flag: string;
  /** Verbs that had it. */
  verbs: readonly string[];
  value: boolean;
  /** The flag that is meant today; `accepted`: it asks for what happens anyway; `refused`. */
  now: `--${string}` | "accepted" | "refused";
  /** What to do instead, or what is different. */
  instead: string;
}

const built = "What ships to hosts is built here by `npm run build`, and named by its content.";

/** Every flag of v2 that ours does not have by that name. */
export const oldFlags: readonly OldFlag[] = [
  {
    flag: "--shell-host",
    verbs: ["init-agent"],
    value: true,
    now: "--shell",
    instead: "The name of the shell host in the stack file.",
  },
  {
    flag: "--image-tag",
    verbs: ["init-agent", "update"],
    value: true,
    now: "refused",
    instead: "Build the image with `node infra/image/main.ts`; an update delivers that one, by its content.",
  },
  {
    flag: "--ca-cert",
    verbs: ["init-agent"],
    value: true,
    now: "refused",
    instead: "The stack makes the log authority's certificate and keeps it; see `convocate-host status`.",
  },
  {
    flag: "--ca-key",
    verbs: ["init-agent"],
    value: true,
    now: "refused",
    instead:
      "The stack makes the log authority's key and keeps it encrypted in its state; `convocate-host state export` saves it.",
  },
  { flag: "--binary", verbs: ["init-shell", "init-agent"], value: true, now: "refused", instead: built },
  { flag: "--shell-binary", verbs: ["update"], value: true, now: "refused", instead: built },
  { flag: "--agent-binary", verbs: ["update"], value: true, now: "refused", instead: built },
  {
    flag: "--shell-etc-dir",
    verbs: ["init-agent"],
    value: true,
    now: "refused",
    instead: "An agent is registered on the shell host, in /etc/convocate, wherever this runs.",
  },
  {
    flag: "--shell-base",
    verbs: ["migrate-session"],
    value: true,
    now: "refused",
    instead: "Sessions are in /home/convocate on every host; name the host of an orphan with --from.",
  },
  {
    flag: "--agent-keys-dir",
    verbs: ["migrate-session"],
    value: true,
    now: "refused",
    instead: "The stack file says how agents are reached; no key of the shell host is needed.",
  },
  {
    flag: "--delete-source",
    verbs: ["migrate-session"],
    value: false,
    now: "accepted",
    instead: "The source goes once its copy was checked; --keep-source keeps it.",
  },
];

const optionOf = ({ flag, value }: OldFlag) => (value ? `${flag} <value>` : flag);

/** Makes a verb know v2's flags, without listing them in its help. */
export function knowOldFlags(verb: Command): void {
  for (const old of oldFlags) {
    if (!old.verbs.includes(verb.name())) continue;
    const option = verb.createOption(optionOf(old)).hideHelp();
    verb.addOption(option);
    verb.on(`option:${option.name()}`, (value: string | undefined) => {
      const { now } = old;
      if (now === "refused") throw new CliError("usage", `${old.flag} is v2's and is no more`, old.instead);
      const heir = verb.options.find(({ long }) => long === now);
      if (heir) verb.setOptionValueWithSource(heir.attributeName(), value, "cli");
    });
  }
}
