import { text } from "node:stream/consumers";
import { Client, type ClientChannel } from "ssh2";
import { parsePublicKey, sameKey } from "../../protocol/keys.ts";

export interface Endpoint {
  host: string;
  port: number;
  user: string;
  /** The pin: `ssh-ed25519 AAAA…` */
  hostKey: string;
  /** Without it the keys of the ssh-agent are used. */
  privateKey?: string | undefined;
}

/** Connects to a host that shows the pinned key, and to no other. `agentSocket`: where the ssh-agent listens. */
export function connect(to: Endpoint, agentSocket: string): Promise<Client> {
  const { host, port, user, hostKey, privateKey } = to;
  const pin = parsePublicKey(hostKey);
  if (!pin)
    return Promise.reject(new Error(`hostKey of ${host}: not a public key line: correct the stack file`));
  const client = new Client();
  let other = false;
  return new Promise((resolve, reject) => {
    client.on("ready", () => resolve(client));
    client.on("error", ({ message }) => {
      const refusal =
        "shows another key than the pinned one: if the machine was set up anew, correct its hostKey";
      reject(new Error(`${host}: ${other ? refusal : message}`));
    });
    client.connect({
      host,
      port,
      username: user,
      ...(privateKey === undefined ? { agent: agentSocket } : { privateKey }),
      algorithms: { serverHostKey: ["ssh-ed25519"] },
      hostVerifier: (shown: Buffer) => {
        other = !sameKey(shown, pin.blob);
        return !other;
      },
    });
  });
}

/** Runs a script as root, without root's .bashrc (which a bash below an SSH connection reads); `feed` writes its standard input. Resolves with its output, rejects with what it said. */
export function runAsRoot(
  client: Client,
  script: string,
  feed?: (channel: ClientChannel) => Promise<void>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    client.exec(`sudo -n bash --norc -c '${script.replaceAll("'", `'\\''`)}'`, (error, channel) => {
      if (error) return reject(error);
      const outputs = Promise.all([text(channel), text(channel.stderr)]);
      let status: number | null = null;
      channel.on("exit", (code: number | null) => (status = code));
      channel.on("close", () => {
        void outputs.then(([stdout, stderr]) => {
          if (status === 0) return resolve(stdout.trim());
          const how =
            status === null ? "without a status (the connection was lost)" : `with status ${String(status)}`;
          reject(new Error(`delivering the image ended ${how}: ${stderr.trim().slice(-1000)}`));
        });
      });
      if (feed) feed(channel).catch(reject);
      else channel.end();
    });
  });
}
