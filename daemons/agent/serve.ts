import { join } from "node:path";
import { subsystems, sshUser } from "../../protocol/transport.ts";
import { version } from "../../protocol/version.ts";
import type { Engine } from "../docker/engine.ts";
import type { Clock } from "../host/clock.ts";
import type { Log } from "../host/log.ts";
import { watchAuthorizedKeys } from "../ssh/authorized-keys.ts";
import { keepDialed } from "../ssh/dialer.ts";
import { listen } from "../ssh/listener.ts";
import { orphanedHomes } from "./adoption.ts";
import { serveAttach } from "./attach.ts";
import { sessionNetwork } from "./container-spec.ts";
import type { Context } from "./context.ts";
import { watchEngine } from "./engine-watch.ts";
import { DesiredRunning } from "./desired-running.ts";
import { Homes } from "./homes.ts";
import { Locks } from "./locks.ts";
import { MetadataStore } from "./metadata-store.ts";
import { restart } from "./operations/restart.ts";
import { Publisher } from "./publisher.ts";
import { Registry } from "./registry.ts";
import { serveRpc } from "./rpc-channel.ts";
import { readCurrentImage, readSettings, type Settings } from "./settings.ts";
import { sharedMounts } from "./shared-mounts.ts";

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
  /** Differs after every boot of the host. */
  boot: string;
  clock: Clock;
  log: Log;
}

/** Brings the registry to what is on disk, and finishes what a crash left. */
async function load({ registry, store, homes, locks, log }: Context, folder: string): Promise<void> {
  await homes.sweep();
  const known = await store.load();
  for (const adopted of await orphanedHomes(folder, new Set(known.map(({ uuid }) => uuid)))) {
    log.info({ session: adopted.uuid }, "adopted a session directory without metadata");
    await store.write(adopted);
    known.push(adopted);
  }
  for (const session of known) registry.load(session, await locks.exists(session.uuid));
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

async function createContext(options: ServeOptions, settings: Settings): Promise<Context> {
  const { configDir, stateDir, homes: folder, uid, gid, engine, clock, log } = options;
  const currentImage = () => readCurrentImage(configDir);
  const asRoot = async (bind: string, argv: string[]) => {
    const image = await currentImage();
    if (image === null) throw new Error("no image for the helper container");
    await engine.runHelper(image, [`${bind}:${bind}`], argv);
  };
  return {
    agentId: settings.agentId,
    config: settings.config,
    uid,
    gid,
    engine,
    engineInfo: await engine.info(),
    registry: new Registry(settings.agentId, clock),
    store: new MetadataStore(join(stateDir, "sessions"), log),
    homes: new Homes({ folder, uid, gid, asRoot }),
    locks: new Locks(folder),
    clock,
    log,
    starting: new Map(),
    currentImage,
    sharedMounts: () => sharedMounts(folder),
  };
}

/** Sends events to the shell host for as long as the agent lives. */
function publish(context: Context, settings: Settings, shellPort: number): { close(reason: string): void } {
  const { registry, clock, log } = context;
  const publisher = new Publisher({
    agentId: settings.agentId,
    clock,
    introduce: async () => ({ version, image_tag: (await context.currentImage()) ?? "" }),
    snapshot: () => registry.list(),
  });
  registry.onChange((change) => publisher.publish(change));
  const dialed =
    settings.shell &&
    keepDialed({
      host: settings.shell.host,
      port: shellPort,
      username: sshUser,
      privateKey: settings.shell.privateKey,
      hostKey: settings.shell.hostKey,
      subsystem: subsystems.status,
      log,
      clock,
      onOpen: (channel) => void publisher.open(channel),
      onDown: () => publisher.lost(),
    });
  return {
    close(reason) {
      publisher.shutdown(reason);
      dialed?.close();
    },
  };
}

/** Starts again, one after the other, what ran before the host was rebooted; one that fails keeps no other from it. */
async function startAgain(context: Context, uuids: readonly string[]): Promise<void> {
  for (const id of uuids) {
    await restart(context, { id }).catch((error: unknown) =>
      context.log.error({ err: error, session: id }, "could not be started again after the reboot"),
    );
  }
}

/** Starts the agent; resolves when it listens. Throws with the cause when a part of its configuration is missing. */
export async function serve(
  options: ServeOptions,
): Promise<{ port: number; close(reason: string): Promise<void> }> {
  const { clock, log, engine, boot, stateDir } = options;
  const settings = await readSettings(options.configDir);
  const context = await createContext(options, settings);
  await engine.ensureNetwork(sessionNetwork);
  await load(context, options.homes);
  const watching = await watchEngine({ engine, registry: context.registry, clock, log });
  await detachLeftovers(context);
  const desired = new DesiredRunning({ file: join(stateDir, "desired-running.json"), boot, clock, log });
  const { registry } = context;
  const missing = await desired.load(registry.uuids.filter((uuid) => registry.container(uuid) !== null));
  registry.onChange((change) => desired.hear(change));
  const publishing = publish(context, settings, options.shellPort);
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
    { agent: settings.agentId, port: listener.port, sessions: context.registry.uuids.length },
    "agent listens",
  );
  void startAgain(context, missing);
  return {
    port: listener.port,
    async close(reason) {
      publishing.close(reason);
      authorizedKeys.close();
      watching.close();
      await desired.close();
      await listener.close();
    },
  };
}
