import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { hostsFile, paths, shellFiles } from "../../protocol/config.ts";
import { subsystems } from "../../protocol/transport.ts";
import type { Clock } from "../host/clock.ts";
import type { Log } from "../host/log.ts";
import { watchAuthorizedKeys } from "../ssh/authorized-keys.ts";
import { listen } from "../ssh/listener.ts";
import { keepHostsFile } from "./hosts-file.ts";
import { Hub } from "./hub.ts";
import { listOthers } from "./listing.ts";
import { serveLocally } from "./local-socket.ts";
import { watchOrphans } from "./orphans.ts";
import { createReceiver } from "./receiver.ts";
import { watchRegistry } from "./registry.ts";

export interface ServeOptions {
  /** Where provisioning left keys and registrations; `/etc/convocate`. */
  configDir: string;
  address: string;
  /** 0: any free one. */
  port: number;
  /** Where sessions' DNS names are written; `/var/lib/convocate`. */
  stateDir: string;
  /** Where session directories may lie that no agent has; `/home/convocate`. */
  homes: string;
  /** `/etc/convocate-agent`, where this host is an agent too. */
  agentConfig: string;
  /** Path of the local socket. */
  socket: string;
  clock: Clock;
  log: Log;
}

export interface StatusDaemon {
  port: number;
  close(): Promise<void>;
}

/** The group whose members may read the fleet. */
const group = "convocate";

/** After a restart all agents come back at once: more of them may wait to be authenticated than of operators at an agent. */
const startups = { startups: 100, maxStartups: 200 };

/** The whole daemon. Rejects, having left nothing open, when it cannot start. */
export async function serve(options: ServeOptions): Promise<StatusDaemon> {
  const { configDir, clock, log } = options;
  const hostKey = readHostKey(join(configDir, shellFiles.hostKey));
  const agentKeys = join(configDir, basename(paths.agentKeys));
  const opened: (() => void | Promise<void>)[] = [];
  const close = async () => {
    for (const end of opened.reverse()) await end();
  };
  try {
    const hub = new Hub(clock);
    opened.push(() => hub.close());
    opened.push(
      watchRegistry(agentKeys, log, (all) => {
        log.info({ agents: all.map(({ agent_id }) => agent_id) }, "registered agents");
        hub.apply({ kind: "registrations", all });
      }),
    );
    const domain = readDomain(join(configDir, shellFiles.domain));
    if (domain !== null) {
      const file = join(options.stateDir, hostsFile);
      const subscribe = (listener: Parameters<Hub["subscribe"]>[0]) => hub.subscribe(listener);
      const names = await keepHostsFile({
        file,
        domain,
        subscribe,
        snapshot: () => hub.snapshot(),
        contested: (all) => hub.contest(all),
        clock,
        log,
      });
      opened.push(() => names.close());
    }
    const orphans = watchOrphans({ homes: options.homes, agentConfig: options.agentConfig, hub, log });
    opened.push(() => orphans.close());
    const listing = listOthers({ hub, agentKeys, clock, log });
    opened.push(() => listing.close());
    const local = await serveLocally({ path: options.socket, group, served: hub, clock, log });
    opened.push(() => local.close());
    const authorizedKeys = watchAuthorizedKeys(join(configDir, shellFiles.authorizedKeys), log);
    opened.push(() => authorizedKeys.close());
    const listener = await listen({
      host: options.address,
      port: options.port,
      hostKey,
      authorizedKeys,
      admits: (principal) => principal.kind === "agent",
      subsystems: { [subsystems.status]: createReceiver((input) => hub.apply(input), log) },
      log,
      clock,
      limits: startups,
    });
    opened.push(() => listener.close());
    log.info({ address: options.address, port: listener.port, socket: options.socket }, "serving");
    return { port: listener.port, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Null: this fleet has no DNS. */
function readDomain(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim() || null;
  } catch {
    return null;
  }
}

function readHostKey(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new Error(`no host key at ${path}; \`pulumi up\` makes one`, { cause });
  }
}
