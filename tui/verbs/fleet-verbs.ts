import type { Command } from "commander";
import { verbs } from "../../protocol/verbs.ts";
import { version } from "../../protocol/version.ts";
import { printJson, type Context } from "./context.ts";

interface Options {
  json?: boolean;
  agent?: string;
}

/** Verbs about the fleet and this program. */
export function fleetVerbs(root: Command, context: Context): void {
  root
    .command("ls")
    .description(verbs.ls.does)
    .option("--agent <agent>", "of one agent only: host name or id")
    .option("--json", "as a JSON array")
    .action(async (options: Options) => (await import("./ls.ts")).ls(context, options));
  root
    .command("agents")
    .description(verbs.agents.does)
    .option("--agent <agent>", "one agent only: host name or id")
    .option("--json", "as a JSON array")
    .action(async (options: Options) => (await import("./agents.ts")).agents(context, options));
  root
    .command("watch")
    .description(verbs.watch.does)
    .option("--agent <agent>", "of one agent only: host name or id")
    .option("--json", "a JSON object a line, as without it")
    .action(async (options: Options) => (await import("./watch.ts")).watch(context, options));
  root
    .command("version")
    .description(verbs.version.does)
    .option("--json", "as a JSON object")
    .action(({ json }: Options) => {
      if (json) printJson(context, { version });
      else context.stdout.write(`convocate ${version}\n`);
    });
}
