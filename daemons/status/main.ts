/** The command `convocate-status`. */
import { Command, InvalidArgumentError } from "commander";
import { paths } from "../../protocol/config.ts";
import { exitStatus } from "../../protocol/errors.ts";
import { fleetSocketPath } from "../../protocol/fleet.ts";
import { ports } from "../../protocol/transport.ts";
import { version } from "../../protocol/version.ts";
import { realClock } from "../host/clock.ts";
import { createLog } from "../host/log.ts";
import { createNotifier } from "../host/notify.ts";
import { serve } from "./serve.ts";

/** Asked to end, we end within this many milliseconds, whoever keeps a connection open. */
const endingMs = 9_000;

interface Flags {
  configDir: string;
  address: string;
  port: number;
  socket: string;
}

async function run(flags: Flags): Promise<void> {
  const log = createLog("convocate-status");
  const notifier = createNotifier(process.env, realClock, log);
  const daemon = await serve({ ...flags, clock: realClock, log });
  const end = (signal: string) => {
    log.info({ signal }, "ending");
    notifier.stopping();
    setTimeout(() => process.exit(exitStatus.failed), endingMs).unref();
    daemon.close().then(
      () => process.exit(exitStatus.ok),
      (error: unknown) => {
        log.error({ err: error }, "did not end cleanly");
        process.exit(exitStatus.failed);
      },
    );
  };
  process.once("SIGTERM", end);
  process.once("SIGINT", end);
  notifier.ready();
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError("a port is 0 to 65535 (0: any free one).");
  return port;
}

const program = new Command("convocate-status")
  .description("receives the agents' events and serves the fleet to local readers")
  .exitOverride((error) => process.exit(error.exitCode === 0 ? exitStatus.ok : exitStatus.usage));
program
  .command("serve")
  .description("run in the foreground, logging JSON lines to stderr")
  .option("--config-dir <dir>", "keys and registrations", paths.shellConfig)
  .option("--address <address>", "listen on this address", "0.0.0.0")
  .option("--port <port>", "listen on this tcp port", parsePort, ports.status)
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
