import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text as readAll } from "node:stream/consumers";
import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";
import { inFolder, runEngine, toolchainOf } from "./engine.ts";
import { writeWhole } from "./whole-file.ts";
import { bundleSchema, type Bundle } from "./state-bundle.ts";
import { resourcesOf } from "./state.ts";
import { exportedState } from "./exported-state.ts";
import { stackFilePath } from "./stacks.ts";

export interface RestoreOptions {
  passphraseFile?: string;
  replace?: boolean;
}

async function readBundle({ stdin }: Context, path: string): Promise<Bundle> {
  let text: string;
  try {
    text = path === "-" ? await readAll(stdin) : readFileSync(path, "utf8");
  } catch (error) {
    throw new CliError(
      "notFound",
      `${path} cannot be read: ${String(error)}`,
      "Name a file that `state export` wrote.",
    );
  }
  try {
    return bundleSchema.parse(JSON.parse(text));
  } catch {
    throw new CliError(
      "failed",
      `${path} is not what \`state export\` wrote, or not all of it`,
      "Name another file.",
    );
  }
}

function readPassphrase(file: string): string {
  try {
    return readFileSync(file, "utf8").trimEnd();
  } catch (error) {
    throw new CliError(
      "notFound",
      `--passphrase-file: ${file}: ${String(error)}`,
      "Name a file that can be read.",
    );
  }
}

/** The passphrase to put into the data folder; null: the one that is there is the right one, or the only one known. */
function newPassphrase({ dataDir }: Context, bundle: Bundle, file: string | undefined): string | null {
  const own = join(dataDir, "passphrase");
  const given = file === undefined ? bundle.passphrase : readPassphrase(file);
  if (!existsSync(own)) {
    if (given !== null) return given;
    throw new CliError(
      "refused",
      "the export has no passphrase, and this machine has none",
      "Give the one of the machine that made the export: --passphrase-file FILE",
    );
  }
  if (given === null || given === readFileSync(own, "utf8").trimEnd()) return null;
  throw new CliError(
    "refused",
    `${own} is another passphrase: other stacks here may need it`,
    "Restore into a data folder of its own: set CONVOCATE_DATA to an empty folder.",
  );
}

/** Refuses to take the place of a stack that has something. */
async function checkFree(
  context: Context,
  { stack, stack_file }: Bundle,
  replace: boolean,
): Promise<boolean> {
  const state = await exportedState(context, stack);
  const path = stackFilePath(context.root, stack);
  const differs = existsSync(path) && readFileSync(path, "utf8") !== stack_file;
  if (!replace && ((state && resourcesOf(state).length > 0) || differs)) {
    throw new CliError(
      "refused",
      differs ? `${path} is there already, and differs` : `stack ${stack} is there already`,
      "To put the export in its place, add --replace.",
    );
  }
  return state !== null;
}

/** `state restore FILE`: afterwards an update changes nothing that the lost machine would not have changed. */
export async function restoreState(context: Context, path: string, options: RestoreOptions): Promise<number> {
  const bundle = await readBundle(context, path);
  const { stack } = bundle;
  const passphrase = newPassphrase(context, bundle, options.passphraseFile);
  const own = join(context.dataDir, "passphrase");
  const stackFile = stackFilePath(context.root, stack);
  const before = existsSync(stackFile) ? readFileSync(stackFile, "utf8") : null;
  let made = false;
  try {
    if (passphrase !== null) {
      mkdirSync(context.dataDir, { recursive: true, mode: 0o700 });
      writeWhole(own, `${passphrase}\n`, 0o600);
    }
    const there = await checkFree(context, bundle, options.replace ?? false);
    writeWhole(stackFile, bundle.stack_file, 0o644);
    const toolchain = await toolchainOf(context);
    if (!there) {
      // With the salt of the stack file the engine checks the passphrase here.
      await runEngine(context, toolchain, ["stack", "init", stack, "--no-select"]);
      made = true;
    }
    await inFolder(async (folder) => {
      const file = join(folder, "state.json");
      writeFileSync(file, JSON.stringify(bundle.state), { mode: 0o600 });
      await runEngine(context, toolchain, ["stack", "import", "--stack", stack, "--file", file]);
    });
  } catch (error) {
    if (made) await removeStack(context, stack);
    if (before === null) rmSync(stackFile, { force: true });
    else writeWhole(stackFile, before, 0o644);
    if (passphrase !== null) rmSync(own, { force: true });
    throw error;
  }
  // The engine writes the file anew in its own way when it makes a stack.
  writeWhole(stackFile, bundle.stack_file, 0o644);
  context.stderr.write(
    `stack ${stack} is back, as of ${bundle.exported_at}. See \`convocate-host update --all --dry-run --stack ${stack}\`.\n`,
  );
  return 0;
}

async function removeStack(context: Context, stack: string): Promise<void> {
  await runEngine(context, await toolchainOf(context), [
    "stack",
    "rm",
    "--yes",
    "--force",
    "--preserve-config",
    stack,
  ]);
}
