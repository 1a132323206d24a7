import { Argument, Option, type Command } from "commander";
import type { Reach } from "./completion-answer.ts";
import { scripts, shells, type Shell } from "./completion-scripts.ts";
import type { Context } from "./context.ts";

/** `completion SHELL`, and what its scripts ask. Neither fails for want of a fleet, or of a key for it. */
export function completionVerbs(root: Command, context: Context, reach: Reach): void {
  root
    .command("completion")
    .description("what a shell runs once to complete verbs, options, sessions and agents")
    .addArgument(new Argument("<shell>").choices(shells))
    .action((shell: Shell) => void context.stdout.write(scripts[shell]));
  root
    .command("complete", { hidden: true })
    .description("words that fit at the end of a command line")
    .addOption(new Option("--shell <shell>").choices(shells).makeOptionMandatory())
    .argument(
      "[words...]",
      "bash: the line up to the cursor, and the end of it to be replaced; else its words",
    )
    .action(async (words: string[], { shell }: { shell: Shell }) => {
      const { answerLines } = await import("./completion-answer.ts");
      const lines = await answerLines(root, shell, words, reach);
      context.stdout.write(lines.map((line) => `${line}\n`).join(""));
    });
}
