/** Makes the Pulumi toolchain available (`ensure`), and runs the engine with everything set (`run -- ARGS`). */
import { spawn } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";
import { Command, Option } from "commander";
import { ensureToolchain, type PluginChoice } from "./toolchain.ts";

const { env } = process;
const dataDir =
  env["CONVOCATE_DATA"] ?? join(env["XDG_DATA_HOME"] ?? join(homedir(), ".local/share"), "convocate");

const program = new Command("toolchain").addOption(
  new Option("--plugins <set>", "which plugins")
    .choices(["auto", "official", "offline"])
    .default("auto")
    .env("CONVOCATE_PLUGINS"),
);

const ensure = () =>
  ensureToolchain({
    dataDir,
    plugins: program.opts<{ plugins: PluginChoice }>().plugins,
    path: env["PATH"] ?? "",
    agentSocket: env["SSH_AUTH_SOCK"],
    log: (line) => console.error(line),
  });

program
  .command("ensure")
  .description("get engine and plugins, and say where they came from")
  .action(async () => console.log((await ensure()).origin));

program
  .command("run")
  .argument("[args...]", "arguments of pulumi, after --")
  .description("run pulumi")
  .action(async (args: string[]) => {
    const toolchain = await ensure();
    const engine = spawn(join(toolchain.root, "bin/pulumi"), args, {
      stdio: "inherit",
      env: { ...env, ...toolchain.env },
    });
    // The terminal's Ctrl-C reaches the engine by itself; a second one would make it give up its clean-up.
    process.on("SIGINT", () => undefined);
    process.on("SIGTERM", () => engine.kill("SIGINT"));
    engine.on("close", (code) => process.exit(code ?? 1));
  });

try {
  await program.parseAsync();
} catch (error) {
  program.error(`toolchain: ${error instanceof Error ? error.message : String(error)}`);
}
