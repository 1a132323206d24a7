import type { Writable } from "node:stream";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { Client, type ClientChannel } from "ssh2";
import { z } from "zod";
import { parsePublicKey, sameKey } from "../../protocol/keys.ts";

/** How a host is reached. */
export const endpoint = z.object({
  host: z.string(),
  port: z.number(),
  user: z.string(),
  /** The pin: `ssh-ed25519 AAAA…` */
  hostKey: z.string(),
  /** Without it the keys of the ssh-agent are used. */
  privateKey: z.string().optional(),
});
export type Endpoint = z.infer<typeof endpoint>;

/** A host that does not answer any more is noticed after half a minute. */
const keepalive = { keepaliveInterval: 10_000, keepaliveCountMax: 3 };

/**
 * Connects to a host that shows the pinned key, and to no other. `agentSocket`: where the ssh-agent listens; `way`: through
 * another host, instead of by the network.
 */
export function connect(to: Endpoint, agentSocket: string, way?: Duplex): Promise<Client> {
  const { host, port, user, hostKey, privateKey } = to;
  const pin = parsePublicKey(hostKey);
  if (!pin)
    return Promise.reject(new Error(`hostKey of ${host}: not a public key line: correct the stack file`));
  const client = new Client();
  let other = false;
  return new Promise((resolve, reject) => {
    client.on("ready", () => {
      // A packet may be written in parts: without this each waits for the answer to the one before.
      client.setNoDelay(true);
      resolve(client);
    });
    client.on("error", ({ message }) => {
      const refusal =
        "shows another key than the pinned one: if the machine was set up anew, correct its hostKey";
      reject(new Error(`${host}: ${other ? refusal : message}`));
    });
    client.connect({
      host,
      port,
      username: user,
      ...(way && { sock: way }),
      ...(privateKey === undefined ? { agent: agentSocket } : { privateKey }),
      ...keepalive,
      algorithms: { serverHostKey: ["ssh-ed25519"] },
      hostVerifier: (shown: Buffer) => {
        other = !sameKey(shown, pin.blob);
        return !other;
      },
    });
  });
}

/** The connection ended before the script did: what was sent so far may be gone on with. */
export class ConnectionLost extends Error {}

/** The script ended by itself, not well. */
export class ScriptFailed extends Error {
  readonly status: number;

  constructor(title: string, status: number, said: string) {
    super(`${title} ended with status ${String(status)}: ${said.trim().slice(-1000)}`);
    this.status = status;
  }
}

export interface RootScript {
  /** What it does, for errors. */
  title: string;
  script: string;
  /** Writes its standard input. */
  feed?: (input: Writable) => Promise<void>;
}

/** Runs a script as root somewhere; resolves with its output. */
export type Run = (script: RootScript) => Promise<string>;

/**
 * Runs a script as root, without root's .bashrc (which a bash below an SSH connection reads). Resolves with its output,
 * rejects with ScriptFailed or ConnectionLost.
 */
export function runAsRoot(client: Client, { title, script, feed }: RootScript): Promise<string> {
  const lost = (why: string) => new ConnectionLost(`${title}: ${why}`);
  const command = `sudo -n bash --norc -c '${script.replaceAll("'", `'\\''`)}'`;
  return new Promise((resolve, reject) => {
    const run = (channel: ClientChannel) => {
      const outputs = Promise.all([text(channel), text(channel.stderr)]);
      let status: number | null = null;
      channel.on("exit", (code: number | null) => (status = code));
      // A script that ends before it has read everything tells why itself.
      const fed = feed ? feed(channel).then(() => null, String) : Promise.resolve(null);
      if (!feed) channel.end();
      channel.on("close", () => {
        void Promise.all([outputs, fed]).then(([[stdout, stderr], fault]) => {
          if (status === null) reject(lost(fault ?? "the connection was lost"));
          else if (status !== 0) reject(new ScriptFailed(title, status, stderr));
          else if (fault !== null) reject(new Error(`${title}: ${fault}`));
          else resolve(stdout.trim());
        });
      });
    };
    try {
      client.exec(command, (error, channel) => {
        if (error) reject(lost(error.message));
        else run(channel);
      });
    } catch (error) {
      // Thrown where the connection was gone before.
      reject(lost(String(error)));
    }
  });
}
