import { createServer, type Socket } from "node:net";
import ssh2, { type Connection as Ssh } from "ssh2";
import { gatherWrites } from "../../protocol/gather-writes.ts";
import type { Principal } from "../../protocol/keys.ts";
import { keepalive, ssh2Algorithms } from "../../protocol/transport.ts";
import { realClock, type Clock } from "../host/clock.ts";
import type { Log } from "../host/log.ts";
import { audit } from "./audit.ts";
import { guardAuthentication } from "./authentication.ts";
import type { AuthorizedKeys } from "./authorized-keys.ts";
import { Connection } from "./connection.ts";
import { guardExchange } from "./exchange.ts";
import { guardGrace } from "./grace.ts";
import { requireStrictKex } from "./handshake.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import { guardKey } from "./per-key.ts";
import { Penalties } from "./penalties.ts";
import { guardReceiveWindow } from "./receive-window.ts";
import { refuseForwarding } from "./refusals.ts";
import { renewKeys } from "./rekey.ts";
import { endRevoked } from "./revocation.ts";
import { SendQueue } from "./send-queue.ts";
import { guardSessions } from "./sessions.ts";
import { dropsEarly } from "./startups.ts";
import type { Subsystem } from "./subsystem.ts";

export type { Subsystem, SubsystemSession } from "./subsystem.ts";

export interface ListenOptions {
  host: string;
  /** 0: any free one. */
  port: number;
  /** OpenSSH private key text, ed25519. */
  hostKey: string;
  authorizedKeys: AuthorizedKeys;
  /** Which principals this listener is for. */
  admits: (principal: Principal) => boolean;
  /** By name. */
  subsystems: Record<string, Subsystem>;
  log: Log;
  limits?: Partial<Limits>;
  clock?: Clock;
}

export interface Listener {
  port: number;
  /** Ends every connection; resolves when all are gone. */
  close(): Promise<void>;
}

/** Listens. Rejects with the remedy when the port is taken, with the system's error when the address is not ours. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const limits: Limits = { ...defaultLimits, ...options.limits };
  const clock = options.clock ?? realClock;
  const connections = new Map<string, Connection>();
  const penalties = new Penalties(limits.maxPenaltyMs, () => clock.now().getTime());
  const ssh = createSsh(options.hostKey, limits);

  ssh.on("connection", (client, info) => {
    const connection = connections.get(`${info.ip}:${String(info.port)}`);
    if (connection) return guard(client, connection, { ...options, limits, penalties, clock, connections });
    // It closed while it was identifying itself.
    client.on("error", () => {});
    client.end();
  });

  // Our own server in front: ssh2's would count, time and tell nothing until the other side has identified itself.
  const server = createServer({ noDelay: true }, (socket: Socket) => {
    gatherWrites(socket);
    const connection = new Connection(socket, clock);
    socket.on("error", () => {});
    socket.once("close", () => {
      connections.delete(connection.remote);
      audit(connection, options.log);
    });
    const pending = [...connections.values()].filter((other) => !other.principal).length;
    if (dropsEarly(pending, limits, Math.random)) {
      connection.refuse("too many unauthenticated connections");
      connection.drop("dropped at once");
      return;
    }
    connections.set(connection.remote, connection);
    guardGrace(connection, limits.graceMs, clock);
    penalize(connection, () => ssh.injectSocket(socket));
  });
  /** All operators of a shell host come from one address: one that is in is not made to wait for what others do. */
  function penalize({ address, socket }: Connection, enter: () => void): void {
    const inside = [...connections.values()].some((other) => other.principal && other.address === address);
    const wait = inside ? 0 : penalties.wait(address);
    if (wait === 0) enter();
    else clock.after(wait, () => socket.destroyed || enter());
  }
  options.authorizedKeys.onChange(() => endRevoked(connections.values(), options.authorizedKeys));

  const port = await new Promise<number>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, options)));
    // Later ones are of single connections, such as too many open files.
    server.on("error", (error) => options.log.error({ err: error }, "listener"));
    server.listen(options.port, options.host, () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : options.port);
    });
  });
  return {
    port,
    async close() {
      const gone = [...connections.values()].map(({ socket }) => closing(socket));
      const closed = new Promise((resolve) => server.close(resolve));
      for (const connection of connections.values()) connection.end("the listener closes");
      await Promise.all([closed, ...gone]);
    },
  };
}

/** events.once() would reject on the error that a connection may end with. */
const closing = (socket: Socket) => new Promise((resolve) => socket.once("close", resolve));

/** Names the port that is taken and how to find out by whom; any other error of the system as it is. */
function listenError(error: NodeJS.ErrnoException, { host, port }: ListenOptions): Error {
  if (error.code !== "EADDRINUSE") return error;
  const taken = `tcp port ${String(port)} of ${host} is taken`;
  return new Error(`${taken}: see \`ss -ltnp\` for what listens there, and stop it`, { cause: error });
}

function createSsh(hostKey: string, limits: Limits) {
  return new ssh2.Server({
    hostKeys: [hostKey],
    ident: "convocate",
    algorithms: ssh2Algorithms(),
    keepaliveInterval: limits.keepaliveMs,
    keepaliveCountMax: keepalive.misses,
  });
}

type Guarding = ListenOptions & {
  limits: Limits;
  penalties: Penalties;
  clock: Clock;
  connections: ReadonlyMap<string, Connection>;
};

/** Every guard of a connection, in the order in which a client meets them. */
function guard(ssh: Ssh, connection: Connection, options: Guarding): void {
  const { authorizedKeys, admits, subsystems, log, limits, penalties, clock, connections } = options;
  connection.ssh = ssh;
  // ssh2 reports several errors for one end; the first one tells why.
  ssh.on("error", (error) => {
    connection.because(
      error.message === "KEY_EXCHANGE_FAILED"
        ? "the client refused our host key or our algorithms"
        : error.message,
    );
    // On a keepalive timeout ssh2 only half-closes, which leaves the connection open for ever.
    if (Reflect.get(error, "level") === "client-timeout") connection.drop("no answer to keepalives");
  });
  requireStrictKex(ssh, connection);
  guardAuthentication(ssh, connection, { authorizedKeys, admits, tries: limits.tries, penalties });
  guardKey(ssh, connection, connections, limits.connectionsPerKey);
  refuseForwarding(ssh, connection);
  const sendQueue = new SendQueue(ssh, connection, limits.unsentBytes);
  guardSessions(ssh, connection, { subsystems, channels: limits.channels, sendQueue, log });
  guardReceiveWindow(connection, limits.unreadBytes);
  guardExchange(ssh, connection, limits.exchangeMs, clock);
  renewKeys(ssh, connection, limits, clock);
  // What nobody will read any more would keep its channel from closing.
  connection.socket.once("close", () => {
    for (const channel of connection.channels) channel.resume();
  });
}
