import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { subsystems, sshUser } from "../../protocol/transport.ts";
import { version } from "../../protocol/version.ts";
import type { Engine } from "../docker/engine.ts";
import type { Clock } from "../host/clock.ts";
import type { HostLoad } from "../host/load.ts";
import type { Log } from "../host/log.ts";
import { watchAuthorizedKeys } from "../ssh/authorized-keys.ts";
import { keepDialed } from "../ssh/dialer.ts";
import { listen } from "../ssh/listener.ts";
import { orphanedHomes } from "../host/orphaned-homes.ts";
import { serveAttach } from "./attach.ts";
import { sessionNetwork } from "./container-spec.ts";
import type { Context } from "./context.ts";
import { watchEngine } from "./engine-watch.ts";
import { DesiredRunning } from "./desired-running.ts";
import { removeLeftovers } from "./leftovers.ts";
import { openContext } from "./open-context.ts";
import { startSession } from "./operations/restart.ts";
import { Publisher } from "./publisher.ts";
import { serveRpc } from "./rpc-channel.ts";
import { rescan } from "./rescan.ts";
import { SessionLog } from "./session-log.ts";
import { readSettings, type Settings } from "./settings.ts";

/** Milliseconds that operations under way have to finish in when the agent is asked to end. */
const drainMs = 7_000;

export interface ServeOptions {
  configDir: string;
  stateDir: string;
  homes: string;
  address: string;
  /** tcp port to listen on; 0: any free one. */
  port: number;
  /** tcp port of the status daemon on the shell host. */
  shellPort: number;
  /** User and group of the sessions' files. */
  uid: number;
  gid: number;
  engine: Engine;
  load: HostLoad;
  /** Differs after every boot of the host. */
  boot: string;
  clock: Clock;
  log: Log;
}

export interface Agent {
  port: number;
  /** Reads the settings again, of which those that cannot be read or are wrong change nothing, and looks which sessions are here. */
  reload(): Promise<void>;
  /** Finishes what is under way, tells the shell host, and ends every connection. Sessions run on. */
  close(reason: string): Promise<void>;
}

/** Brings the registry to what is on disk, and finishes what a crash left. */
async function load(context: Context): Promise<void> {
  const { registry, store, homes, homesFolder, locks, log } = context;
  const known = await store.load((uuid) => homes.exists(uuid));
  await tidy(context);
  for (const adopted of await orphanedHomes(homesFolder, new Set(known.map(({ uuid }) => uuid)))) {
    log.info({ session: adopted.uuid }, "adopted a session directory without metadata");
    await store.write(adopted);
    known.push(adopted);
  }
  const healed = await locks.heal();
  if (healed.length > 0) log.warn({ sessions: healed }, "removed locks of an agent that had not ended them");
  for (const session of known) registry.load(session, await locks.exists(session.uuid));
}

/** What cannot be removed now is tried again when the engine comes back, or at the next start. */
async function tidy(context: Context): Promise<void> {
  await removeLeftovers(context).catch((error: unknown) =>
    context.log.warn({ err: error }, "leftovers of a crash remain"),
  );
}

/** Terminals of an earlier daemon have nobody behind them. */
async function detachLeftovers({ registry, engine, uid, gid }: Context): Promise<void> {
  const running = registry.uuids.flatMap((uuid) => registry.container(uuid) ?? []);
  const user = `${String(uid)}:${String(gid)}`;
  await Promise.all(
    running.map((id) =>
      engine.exec(id, user, ["tmux", "detach-client", "-s", "convocate"]).catch(() => undefined),
    ),
  );
}

/** When each session began and ended, and why (spec/3 "Session log"). */
function keepEnds({ registry, log }: Context): void {
  registry.onChange(({ type, session_id, data }) => {
    if (!type.startsWith("container.")) return;
    const { name } = registry.metadata(session_id) ?? {};
    log.info({ session: session_id, name, ...(type === "container.stopped" && { end: data }) }, type);
  });
}

/** Sends events to the shell host until it is closed. */
function dialShell(
  { clock, log }: Context,
  publisher: Publisher,
  shell: Settings["shell"],
  shellPort: number,
): { close(): void } | null {
  return (
    shell &&
    keepDialed({
      host: shell.host,
      port: shellPort,
      username: sshUser,
      privateKey: shell.privateKey,
      hostKey: shell.hostKey,
      subsystem: subsystems.status,
      log,
      clock,
      onOpen: (channel) => void publisher.open(channel),
      onDown: () => publisher.lost(),
    })
  );
}

/** Starts again, one after the other, what ran before the host was rebooted; one that fails keeps no other from it. */
async function startAgain(context: Context, uuids: readonly string[]): Promise<void> {
  for (const id of uuids) {
    await context.work
      .run(() => startSession(context, id))
      .catch((error: unknown) =>
        context.log.error({ err: error, session: id }, "could not be started again after the reboot"),
      );
  }
}

/** Starts the agent; resolves when it listens. Throws with the cause when a part of its configuration is missing. */
export async function serve(options: ServeOptions): Promise<Agent> {
  const { clock, log, engine, boot, stateDir, configDir, shellPort } = options;
  let settings = await readSettings(configDir);
  const context = await openContext(options, settings.agentId, () => settings.config);
  const { registry } = context;
  await engine.ensureNetwork(sessionNetwork);
  await load(context);
  const watching = await watchEngine({ engine, registry, clock, log, onBack: () => void tidy(context) });
  await detachLeftovers(context);
  const desired = new DesiredRunning({ file: join(stateDir, "desired-running.json"), boot, clock, log });
  const missing = await desired.load(registry.uuids.filter((uuid) => registry.container(uuid) !== null));
  registry.onChange((change) => desired.hear(change));
  const publisher = new Publisher({
    ...context.events,
    introduce: async () => ({ version, image_tag: (await context.currentImage()) ?? "" }),
  });
  registry.onChange((change) => publisher.publish(change));
  keepEnds(context);
  const file = join(stateDir, "session-log.json");
  const sessionLog = new SessionLog({ ...context, file, transcript: () => settings.config.transcript });
  await sessionLog.load();
  registry.onChange((change) => sessionLog.hear(change));
  let shell = dialShell(context, publisher, settings.shell, shellPort);
  const authorizedKeys = watchAuthorizedKeys(settings.authorizedKeysFile, log);
  const listener = await listen({
    host: options.address,
    port: options.port,
    hostKey: settings.hostKey,
    authorizedKeys,
    admits: ({ kind }) => kind === "shell" || kind === "operator",
    subsystems: {
      [subsystems.rpc]: { pty: false, open: (session) => serveRpc(context, session) },
      [subsystems.attach]: { pty: true, open: (session) => void serveAttach(context, session) },
    },
    log,
  });
  log.info(
    { agent: settings.agentId, port: listener.port, sessions: registry.uuids.length },
    "agent listens",
  );
  void startAgain(context, missing);
  return {
    port: listener.port,
    async reload() {
      await rescan(context).catch((error: unknown) =>
        log.error({ err: error }, "the sessions stay as they were"),
      );
      const before = settings;
      try {
        settings = await readSettings(configDir);
      } catch (error) {
        log.error({ err: error }, "the settings stay as they were");
        return;
      }
      log.info({ config: settings.config }, "settings read again");
      if (settings.agentId !== before.agentId || settings.hostKey !== before.hostKey)
        log.warn({}, "another agent id or host key counts from the next start on");
      if (isDeepStrictEqual(settings.shell, before.shell)) return;
      shell?.close();
      publisher.lost();
      shell = dialShell(context, publisher, settings.shell, shellPort);
    },
    async close(reason) {
      const left = await context.work.drain(drainMs, clock);
      if (left > 0) log.warn({ operations: left }, "ending in the middle of operations");
      publisher.shutdown(reason);
      shell?.close();
      authorizedKeys.close();
      watching.close();
      await desired.close();
      await sessionLog.close();
      await listener.close();
    },
  };
}
