import type { Command } from "commander";
import { verbs } from "../../protocol/verbs.ts";
import type { Action } from "./act.ts";
import type { Context } from "./context.ts";

const target = "session name, or the beginning of its UUID";

/** A verb about one session. */
const onOne = (root: Command, verb: string, does: string): Command =>
  root
    .command(verb)
    .description(does)
    .argument("<session>", target)
    .option("--agent <agent>", "where names fit several: host name or id of its agent");

const repeated = (value: string, before: string[] = []): string[] => [...before, value];

/** What `new` and `edit` have in common. */
const addressing = (command: Command): Command =>
  command
    .option("--port <number|auto|none>", "published port: 1-65535, none, or auto for the first free one")
    .option("--protocol <tcp|udp>", "of the port")
    .option("--dns, --dns-name <name>", "its name in the fleet's DNS");

/** Verbs about sessions. */
export function sessionVerbs(
  root: Command,
  context: Context,
  onTerminal: (restore: () => void) => void,
): void {
  onOne(root, "get", verbs.get.does)
    .option("--json", "as a JSON object")
    .action(async (wanted: string, options: object) =>
      (await import("./get.ts")).get(context, wanted, options),
    );
  addressing(root.command("new"))
    .description(verbs.new.does)
    .argument("<name>", "1-64 letters, digits, space, _ - .")
    .option(
      "--agent <agent|auto>",
      "host name or id, or auto for the least loaded (needed when there are several)",
    )
    .option("--command <command>", "what the session runs, instead of the agent's default")
    .option("--repo <url>", "cloned into its home at the first start")
    .option("--branch <branch>", "of the repository, instead of its own default")
    .option("--setup <command>", "run once, after the first start's clone")
    .option("--memory <size>", "at most: bytes, or 512m, 4g")
    .option("--cpus <number>", "at most, such as 1.5")
    .option("--pids <number>", "processes at most")
    .option("--label <key=value>", "any number of times", repeated)
    .option("--json", "print the session as a JSON object")
    .action(async (name: string, options: object) =>
      (await import("./new.ts")).create(context, name, options),
    );
  onOne(root, "clone", verbs.clone.does)
    .argument("<name>", "of the copy")
    .option("--json", "print the copy as a JSON object")
    .action(async (wanted: string, name: string, options: object) =>
      (await import("./clone.ts")).clone(context, wanted, { ...options, name }),
    );
  addressing(onOne(root, "edit", verbs.edit.does))
    .option("--name <name>", "1-64 letters, digits, space, _ - .")
    .option("--restart", "kill and restart it when it runs, so that the change takes effect")
    .option("--json", "print the session as a JSON object")
    .action(async (wanted: string, options: object) =>
      (await import("./edit.ts")).edit(context, wanted, options),
    );
  addressing(root.command("adopt"))
    .description(verbs.adopt.does)
    .argument("<orphan>", "its name, or the beginning of its UUID")
    .option("--agent <agent|auto>", "host name or id; without it, or with auto, the least loaded")
    .option("--name <name>", "instead of its own: 1-64 letters, digits, space, _ - .")
    .option("--keep-source", "keep its directory on the shell host, under another name")
    .option("--json", "print the session as a JSON object")
    .action(async (wanted: string, options: object) =>
      (await import("./adopt.ts")).adoptOrphan(context, wanted, options),
    );
  onOne(root, "logs", verbs.logs.does)
    .option("-n, --lines <number>", "at most so many, up to 2000, instead of 200")
    .option("--json", "as a JSON object")
    .action(async (wanted: string, options: object) =>
      (await import("./logs.ts")).logs(context, { ...options, wanted }),
    );
  onOne(root, "attach", "attach this terminal to a session; Ctrl-B D detaches")
    .option("--read-only", "look, but type nothing")
    .action(async (wanted: string, options: object) =>
      (await import("./attach.ts")).attach(context, wanted, { ...options, onTerminal }),
    );
  onOne(root, "rm", verbs.rm.does)
    .option("--json", "print what was done as a JSON object")
    .action(async (wanted: string, options: object) =>
      (await import("./act.ts")).rm(context, { ...options, wanted }),
    );
  const actions: [verb: keyof typeof verbs, action: Action][] = [
    ["kill", "kill"],
    ["restart", "restart"],
    ["background", "background"],
    ["override", "override"],
  ];
  for (const [verb, action] of actions) {
    onOne(root, verb, verbs[verb].does)
      .option("--json", "print what was done as a JSON object")
      .action(async (wanted: string, options: object) =>
        (await import("./act.ts")).act(context, action, { ...options, wanted }),
      );
  }
}
