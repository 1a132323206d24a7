import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";
import type { Bundle } from "./state-bundle.ts";
import { exportedState } from "./exported-state.ts";
import { chooseStack, stackFilePath } from "./stacks.ts";
import { StackFile } from "./stack-file.ts";

export interface ExportOptions {
  stack?: string;
  withPassphrase?: boolean;
}

function writeNew(path: string, text: string): void {
  let file: number;
  try {
    file = openSync(path, "wx", 0o600);
  } catch (error) {
    const there = Reflect.get(Object(error), "code") === "EEXIST";
    throw new CliError(
      there ? "refused" : "failed",
      there ? `${path} is there already; it stays as it is` : `${path} cannot be written: ${String(error)}`,
      "Name another file.",
    );
  }
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** `state export FILE`. */
export async function exportState(context: Context, path: string, options: ExportOptions): Promise<number> {
  const { root, home, dataDir, stdout, stderr } = context;
  const stack = chooseStack(context, options.stack);
  StackFile.read(root, stack, { home });
  const state = await exportedState(context, stack);
  if (state === null) {
    throw new CliError(
      "notFound",
      `stack ${stack} has no state here`,
      "Run this where the stack was brought up.",
    );
  }
  const bundle: Bundle = {
    format: "convocate-state",
    version: 1,
    stack,
    exported_at: new Date(context.now()).toISOString(),
    stack_file: readFileSync(stackFilePath(root, stack), "utf8"),
    state,
    passphrase: options.withPassphrase ? readFileSync(join(dataDir, "passphrase"), "utf8").trimEnd() : null,
  };
  const text = `${JSON.stringify(bundle, null, 2)}\n`;
  if (path === "-") stdout.write(text);
  else writeNew(path, text);
  const kept = options.withPassphrase
    ? "It has the passphrase: who has it has the fleet."
    : `It has no passphrase: keep ${join(dataDir, "passphrase")} too, elsewhere.`;
  stderr.write(`stack ${stack} is saved. ${kept}\n`);
  return 0;
}
