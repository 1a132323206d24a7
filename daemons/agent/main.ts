/** The command `convocate-agent`. */
import { Command } from "commander";
import { paths } from "../../protocol/config.ts";
import { exitStatus } from "../../protocol/errors.ts";
import { ports } from "../../protocol/transport.ts";
import { version } from "../../protocol/version.ts";
import { connectEngine } from "../docker/dockerode.ts";
import { realClock } from "../host/clock.ts";
import { liveUntilSignal, parsePort } from "../host/lifetime.ts";
import { watchLoad } from "../host/load.ts";
import { createLog } from "../host/log.ts";
import { createNotifier } from "../host/notify.ts";
import { bootMark } from "../host/processes.ts";
import { serve } from "./serve.ts";

/** Uid and gid of sessions' files when the agent itself is root (tests); else they are its own. */
const sessionUser = 1337;

interface Flags {
  configDir: string;
  stateDir: string;
  homes: string;
  address: string;
  port: number;
  docker: string;
  shellPort: number;
}

async function run(flags: Flags): Promise<void> {
  const log = createLog("convocate-agent");
  const notifier = createNotifier(process.env, realClock, log);
  const own = process.getuid?.() ?? 0;
  const agent = await serve({
    ...flags,
    engine: await connectEngine(flags.docker),
    uid: own === 0 ? sessionUser : own,
    gid: own === 0 ? sessionUser : (process.getgid?.() ?? own),
    load: watchLoad(realClock),
    boot: bootMark(),
    clock: realClock,
    log,
  });
  liveUntilSignal({
    log,
    notifier,
    close: (reason) => agent.close(reason),
    exit: (code) => process.exit(code),
    reload: () => agent.reload(),
  });
}

const program = new Command("convocate-agent")
  .description("runs sessions on this host and answers for them")
  .exitOverride((error) => process.exit(error.exitCode === 0 ? exitStatus.ok : exitStatus.usage));
program
  .command("serve")
  .description("run in the foreground, logging JSON lines to stderr")
  .option("--config-dir <dir>", "keys and settings", paths.agentConfig)
  .option("--state-dir <dir>", "sessions' metadata", paths.agentState)
  .option("--homes <dir>", "sessions' homes", paths.sessionHomes)
  .option("--address <address>", "listen on this address", "0.0.0.0")
  .option("--port <port>", "listen on this tcp port", parsePort, ports.agent)
  .option("--docker <path>", "the Docker Engine's socket", "/var/run/docker.sock")
  .option("--shell-port <port>", "tcp port of the status daemon", parsePort, ports.status)
  .action((flags: Flags) => {
    run(flags).catch((error: unknown) => {
      console.error(`convocate-agent: ${error instanceof Error ? error.message : String(error)}`);
      process.exit(exitStatus.failed);
    });
  });
program
  .command("version")
  .description("print the version")
  .action(() => console.log(version));
program.parse();
