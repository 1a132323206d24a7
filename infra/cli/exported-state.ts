import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";
import { inFolder, runEngine, toolchainOf } from "./engine.ts";
import { stateSchema, type State } from "./state.ts";

/** The state of a stack; null: it was never brought up. */
export async function exportedState(context: Context, stack: string): Promise<State | null> {
  const toolchain = await toolchainOf(context);
  try {
    return await inFolder(async (folder) => {
      const file = join(folder, "state.json");
      await runEngine(context, toolchain, ["stack", "export", "--stack", stack, "--file", file]);
      return stateSchema.parse(JSON.parse(readFileSync(file, "utf8")));
    });
  } catch (error) {
    if (error instanceof CliError && error.exit === "notFound") return null;
    throw error;
  }
}
