import { Client, utils, type ConnectConfig } from "ssh2";
import { z } from "zod";

const endpoint = {
  host: z.string(),
  port: z.number().default(22),
  user: z.string().default("root"),
  password: z.string().optional(),
  privateKey: z.string().optional(),
  privateKeyPassword: z.string().optional(),
  agentSocketPath: z.string().optional(),
  hostKey: z.string().optional(),
  /** Failed dials before giving up; -1 = never, 0 or nothing = 10. */
  dialErrorLimit: z.number().default(10),
  /** Seconds a TCP connect may take. */
  perDialTimeout: z.number().default(15),
};

const endpointSchema = z.object(endpoint);
export const connectionSchema = z.object({ ...endpoint, proxy: endpointSchema.optional() });
export type Connection = z.infer<typeof connectionSchema>;
type Endpoint = z.infer<typeof endpointSchema>;

/** Connections that are open or being opened, so that a cancelled run leaves none. */
const live = new Set<Client>();
let cancelled = false;

export function cancelConnections(): void {
  cancelled = true;
  for (const client of live) client.destroy();
}

/** A host that does not answer any more is noticed after half a minute: a command that runs there says nothing for much longer. */
const keepalive = { keepaliveInterval: 10_000, keepaliveCountMax: 3 };

/** What ssh2 needs to connect, with the host key pinned where the connection names one. */
function sshConfig(to: Endpoint): ConnectConfig {
  const config: ConnectConfig = {
    host: to.host,
    port: to.port,
    username: to.user,
    readyTimeout: to.perDialTimeout * 1000,
    ...keepalive,
  };
  if (to.privateKey !== undefined) config.privateKey = to.privateKey;
  if (to.privateKeyPassword !== undefined) config.passphrase = to.privateKeyPassword;
  if (to.password !== undefined) config.password = to.password;
  if (to.agentSocketPath !== undefined && to.agentSocketPath !== "") config.agent = to.agentSocketPath;
  if (to.hostKey === undefined) return config;
  const pin = utils.parseKey(to.hostKey);
  if (pin instanceof Error)
    throw new Error(`connection.hostKey: not an authorized_keys line: ${pin.message}`);
  const wanted = pin.getPublicSSH();
  // A pin restricts the algorithms to its own type: else the host could show another of its keys.
  config.algorithms = { serverHostKey: [pin.type] };
  config.hostVerifier = (shown: Buffer) => shown.equals(wanted);
  return config;
}

const networkWords: Record<string, string> = {
  ECONNREFUSED: "connect: connection refused",
  EHOSTUNREACH: "connect: no route to host",
  ENETUNREACH: "connect: network is unreachable",
  ETIMEDOUT: "i/o timeout",
  ENOTFOUND: "no such host",
};

/** Words of Go's ssh library, which operators know from the official plugin. */
function inGoWords(error: Error & { level?: string; code?: string }, to: Endpoint): string {
  const address = `${to.host}:${String(to.port)}`;
  if (error.message.includes("Host denied (verification failed)"))
    return "ssh: handshake failed: ssh: host key mismatch";
  if (error.level === "client-authentication")
    return "ssh: handshake failed: ssh: unable to authenticate, no supported methods remain";
  const network = networkWords[error.code ?? ""];
  if (network) return `dial tcp ${address}: ${network}`;
  if (error.level === "client-timeout") return `dial tcp ${address}: i/o timeout`;
  if (error.level === "client-socket") return `dial tcp ${address}: ${error.message}`;
  return `ssh: handshake failed: ${error.message}`;
}

function dialOnce(to: Endpoint, config: ConnectConfig): Promise<Client> {
  const client = new Client();
  live.add(client);
  return new Promise((resolve, reject) => {
    client.on("ready", () => resolve(client));
    client.on("error", (error: Error) => reject(new Error(inGoWords(error, to))));
    client.on("close", () => {
      live.delete(client);
      reject(new Error("ssh: handshake failed: EOF"));
    });
    client.connect(config);
    client.setNoDelay(true);
  });
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function dial(
  to: Endpoint,
  socket?: () => Promise<NonNullable<ConnectConfig["sock"]>>,
): Promise<Client> {
  const limit = to.dialErrorLimit === 0 ? 10 : to.dialErrorLimit;
  const config = sshConfig(to);
  for (let failed = 1, wait = 100; ; failed++, wait = Math.min(wait * 1.5, 5_000)) {
    try {
      return await dialOnce(to, socket ? { ...config, sock: await socket() } : config);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (cancelled) throw new Error("cancelled", { cause: error });
      if (limit >= 0 && failed >= limit)
        throw new Error(`after ${String(failed)} failed attempts: ${why}`, { cause: error });
      await pause(wait);
    }
  }
}

/** Opens a connection, through the proxy (jump host) where one is given, runs `use` on it, and closes it. */
export async function withConnection<T>(
  connection: Connection,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const { proxy, ...target } = connection;
  const jump = proxy ? await dial(proxy) : undefined;
  try {
    const forward = (client: Client) => () =>
      new Promise<NonNullable<ConnectConfig["sock"]>>((resolve, reject) => {
        client.forwardOut("127.0.0.1", 0, target.host, target.port, (error, stream) =>
          error ? reject(error) : resolve(stream),
        );
      });
    const client = await dial(target, jump && forward(jump));
    try {
      return await use(client);
    } finally {
      client.end();
    }
  } finally {
    jump?.end();
  }
}
