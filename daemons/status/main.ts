/** The command `convocate-status`. */
import { Command } from "commander";
import { paths } from "../../protocol/config.ts";
import { exitStatus } from "../../protocol/errors.ts";
import { fleetSocketPath } from "../../protocol/fleet.ts";
import { ports } from "../../protocol/transport.ts";
import { version } from "../../protocol/version.ts";
import { realClock } from "../host/clock.ts";
import { liveUntilSignal, parsePort } from "../host/lifetime.ts";
import { createLog } from "../host/log.ts";
import { createNotifier } from "../host/notify.ts";
import { serve } from "./serve.ts";

interface Flags {
  configDir: string;
  address: string;
  port: number;
  stateDir: string;
  socket: string;
  homes: string;
  agentConfig: string;
}

async function run(flags: Flags): Promise<void> {
  const log = createLog("convocate-status");
  const notifier = createNotifier(process.env, realClock, log);
  const daemon = await serve({ ...flags, clock: realClock, log });
  liveUntilSignal({ log, notifier, close: () => daemon.close(), exit: (code) => process.exit(code) });
}

const program = new Command("convocate-status")
  .description("receives the agents' events and serves the fleet to local readers")
  .exitOverride((error) => process.exit(error.exitCode === 0 ? exitStatus.ok : exitStatus.usage));
program
  .command("serve")
  .description("run in the foreground, logging JSON lines to stderr")
  .option("--config-dir <dir>", "keys and registrations", paths.shellConfig)
  .option("--state-dir <dir>", "sessions' DNS names", paths.shellState)
  .option("--address <address>", "listen on this address", "0.0.0.0")
  .option("--port <port>", "listen on this tcp port", parsePort, ports.status)
  .option("--homes <dir>", "session directories that no agent has", paths.sessionHomes)
  .option("--agent-config <dir>", "is there where this host is an agent too", paths.agentConfig)
  .option("--socket <path>", "serve local readers here", fleetSocketPath)
  .action((flags: Flags) => {
    run(flags).catch((error: unknown) => {
      console.error(`convocate-status: ${error instanceof Error ? error.message : String(error)}`);
      process.exit(exitStatus.failed);
    });
  });
program
  .command("version")
  .description("print the version")
  .action(() => console.log(version));
program.parse();
