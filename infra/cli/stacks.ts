import { readdirSync } from "node:fs";
import { join } from "node:path";
import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";

/** The names of all stacks that have a stack file. */
export function stackNames(root: string): string[] {
  return readdirSync(join(root, "stacks"))
    .flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? [])
    .sort();
}

export const stackFilePath = (root: string, stack: string): string =>
  join(root, "stacks", `Pulumi.${stack}.yaml`);

/** The stack that is meant: `--stack`, else CONVOCATE_STACK, else the only one there is. */
export function chooseStack({ root, stack: preset }: Context, given: string | undefined): string {
  const chosen = given ?? preset;
  if (chosen !== undefined) {
    // It becomes part of a file's name.
    if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(chosen)) return chosen;
    throw new CliError(
      "usage",
      `--stack: got ${JSON.stringify(chosen)}`,
      "A stack's name is letters, digits, `.`, `_` and -.",
    );
  }
  const names = stackNames(root);
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  throw new CliError(
    "usage",
    names.length === 0 ? "there is no stack file in stacks/" : `which stack? There are ${names.join(", ")}`,
    "Name one with --stack, or in the variable CONVOCATE_STACK.",
  );
}
