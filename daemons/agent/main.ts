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
import { reportLines, runChecks } from "./checks/run.ts";
import { serve } from "./serve.ts";

/** Uid (and gid) of sessions' files when the agent itself is root (tests); else they are its own. */
const sessionUser = 1337;
const sessionOwner = () => process.getuid?.() || sessionUser;

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
  const uid = sessionOwner();
  const agent = await serve({
    ...flags,
    engine: await connectEngine(flags.docker),
    uid,
    gid: process.getuid?.() === 0 ? uid : (process.getgid?.() ?? uid),
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

/** Prints what is found; the status says whether anything does not work. */
async function check({ json, ...flags }: Flags & { json?: true }): Promise<void> {
  const connect = () => connectEngine(flags.docker);
  const report = await runChecks({ ...flags, uid: sessionOwner(), connect, load: watchLoad(realClock) });
  console.log(json ? JSON.stringify(report) : reportLines(report).join("\n"));
  process.exitCode = report.some(({ level }) => level === "fail") ? exitStatus.failed : exitStatus.ok;
}

/** Where this agent's things are; provisioning puts them where the defaults say. */
const withPlaces = (command: Command) =>
  command
    .option("--config-dir <dir>", "keys and settings", paths.agentConfig)
    .option("--state-dir <dir>", "sessions' metadata", paths.agentState)
    .option("--homes <dir>", "sessions' homes", paths.sessionHomes)
    .option("--address <address>", "the address to listen on", "0.0.0.0")
    .option("--port <port>", "the tcp port to listen on", parsePort, ports.agent)
    .option("--docker <path>", "the Docker Engine's socket", "/var/run/docker.sock")
    .option("--shell-port <port>", "tcp port of the status daemon", parsePort, ports.status);

const reportingFailure =
  <F>(action: (flags: F) => Promise<void>) =>
  (flags: F) =>
    action(flags).catch((error: unknown) => {
      console.error(`convocate-agent: ${error instanceof Error ? error.message : String(error)}`);
      process.exit(exitStatus.failed);
    });

const program = new Command("convocate-agent")
  .description("runs sessions on this host and answers for them")
  .exitOverride((error) => process.exit(error.exitCode === 0 ? exitStatus.ok : exitStatus.usage));
withPlaces(program.command("serve"))
  .description("run in the foreground, logging JSON lines to stderr; SIGHUP: read the settings again")
  .action(reportingFailure(run));
withPlaces(program.command("check"))
  .description("say what is wrong with this agent and what to do about it; changes nothing")
  .option("--json", "for programs")
  .action(reportingFailure(check));
program
  .command("version")
  .description("print the version")
  .action(() => console.log(version));
program.parse();
