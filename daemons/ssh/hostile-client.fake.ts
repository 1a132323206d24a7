import type { Socket } from "node:net";
import ssh2, { type AuthenticationType, type Client, type ClientChannel, type ConnectConfig } from "ssh2";

/** The part of ssh2's inside that speaks without asking whether it may. */
interface Wire {
  authPK(
    user: string,
    publicKey: string,
    algorithm: string,
    sign?: (data: Buffer, send: (s: Buffer) => void) => void,
  ): void;
  channelData(channel: number, data: Buffer): void;
  channelWindowAdjust(channel: number, bytes: number): void;
  channelClose(channel: number): void;
  session(channel: number, window: number, packet: number): void;
  subsystem(channel: number, name: string, wantReply: boolean): void;
  ping(): void;
  rekey(): void;
  windowChange(channel: number, rows: number, cols: number, height: number, width: number): void;
  _offer: { lists: { kex: { array: string[] } }; constructor: new (lists: object) => Wire["_offer"] };
}

/** For attacks that no honest client can make. */
export function wireOf(client: object): Wire {
  return (client as { _protocol: Wire })._protocol;
}

/** What an authHandler answers when it has nothing left to try; the types lack it. */
export const noMore = false as unknown as AuthenticationType;

/** The number by which the other side knows a channel. */
export function numberOf(channel: ClientChannel): number {
  return (channel as unknown as { outgoing: { id: number } }).outgoing.id;
}

export const caller = (port: number, config: ConnectConfig): ConnectConfig => ({
  host: "127.0.0.1",
  port,
  username: "convocate",
  hostVerifier: () => true,
  // Or ssh2 refuses by itself what only OpenSSH's server knows.
  strictVendor: false,
  ...config,
});

/** How a connection went: `ready`, or the errors until it closed. */
export async function attempt(client: Client, config: ConnectConfig): Promise<string> {
  const errors: string[] = [];
  client.on("error", (error) => errors.push(error.message));
  const ready = new Promise<string>((resolve) => client.once("ready", () => resolve("ready")));
  const closed = new Promise<string>((resolve) =>
    client.once("close", () => resolve(errors.join("; ") || "closed")),
  );
  client.once("connect", () => client.setNoDelay(true));
  client.connect(config);
  return Promise.race([ready, closed]);
}

/** A client that is in. */
export async function enter(port: number, privateKey: string): Promise<Client> {
  const client = new ssh2.Client();
  const result = await attempt(client, caller(port, { privateKey }));
  if (result !== "ready") throw new Error(result);
  return client;
}

/** A key exchange list without the strict-kex marker, as clients before 2023 sent it. */
export function forgetStrictKex(client: object): void {
  const wire = wireOf(client);
  const { array } = wire._offer.lists.kex;
  const suite = {
    cipher: ["aes128-gcm@openssh.com"],
    mac: ["hmac-sha2-256-etm@openssh.com"],
    compress: ["none"],
    lang: [],
  };
  wire._offer = new wire._offer.constructor({
    kex: array.filter((name) => !name.startsWith("kex-strict")),
    serverHostKey: ["ssh-ed25519"],
    cs: suite,
    sc: suite,
  });
}

/** From now on channels are opened with this window and largest packet, whatever ssh2 thinks of them. */
export function announce(client: object, window: number, packet: number): void {
  const wire = wireOf(client);
  const session = wire.session.bind(wire);
  wire.session = (channel) => session(channel, window, packet);
}

/** The TCP connection of a client, or of a server's channel. */
export function socketOf(end: object): Socket {
  const { _client: client = end } = end as { _client?: object };
  return (client as { _sock: Socket })._sock;
}

/** When a client's connection is over, whatever errors came first. */
export const gone = (client: Client) => new Promise<void>((resolve) => client.once("close", () => resolve()));
