import { connect } from "node:net";
import ssh2, { type Client, type ClientChannel } from "ssh2";
import { z } from "zod";
import { gatherWrites } from "../protocol/gather-writes.ts";
import { algorithms, subsystems, sshUser } from "../protocol/transport.ts";
import type { Place } from "./agents.ts";

const answer = z.looseObject({ ok: z.literal(true), id: z.number().optional() });

/** One connection: calls on a channel that is kept open, and as v2 does it, on a channel each. */
export class BenchClient {
  readonly #client: Client;
  readonly #kept: ClientChannel;
  #heard: (line: string) => void = () => undefined;
  #rest: string[] = [];

  private constructor(client: Client, kept: ClientChannel) {
    this.#client = client;
    this.#kept = kept;
    kept.setEncoding("utf8");
    kept.on("data", (text: string) => {
      this.#rest.push(text);
      if (!text.endsWith("\n")) return;
      const line = this.#rest.join("");
      this.#rest = [];
      this.#heard(line);
    });
  }

  static async connect({ port, privateKey }: Place): Promise<BenchClient> {
    const client = new ssh2.Client();
    // As the TUI does it.
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    gatherWrites(socket);
    await new Promise<void>((resolve, reject) => {
      client.once("ready", resolve).once("error", reject);
      const { cipher } = algorithms;
      client.connect({
        sock: socket,
        username: sshUser,
        privateKey,
        algorithms: { cipher: [...cipher] },
        // An agent of this benchmark's own making.
        hostVerifier: () => true,
      });
    });
    return new BenchClient(client, await open(client));
  }

  /** A terminal: the channel, after its header was sent. */
  async attach(header: object): Promise<ClientChannel> {
    const channel = await open(this.#client, subsystems.attach);
    channel.write(`${JSON.stringify(header)}\n`);
    return channel;
  }

  /** The last answer on the kept-open channel, as it came. */
  last = "";

  /** One round trip on the kept-open channel, parsed. One call at a time. */
  async kept(op: string, params: object | null = null): Promise<void> {
    this.last = await this.#ask(op, params);
    answer.parse(JSON.parse(this.last));
  }

  /** The result of a call that must succeed. */
  async result(op: string, params: object | null = null): Promise<unknown> {
    const line = await this.#ask(op, params);
    const { success, data } = answer.safeParse(JSON.parse(line));
    if (!success) throw new Error(`${op}: ${line}`);
    return data["result"];
  }

  #ask(op: string, params: object | null): Promise<string> {
    return new Promise<string>((resolve) => {
      this.#heard = resolve;
      this.#kept.write(`${JSON.stringify({ op, params, id: 1 })}\n`);
    });
  }

  /** A new channel, the request, the response, its end. */
  async fresh(op: string, params: object | null = null): Promise<void> {
    const channel = await open(this.#client);
    const text = await new Promise<string>((resolve) => {
      let all = "";
      channel.setEncoding("utf8");
      channel.on("data", (part: string) => (all += part));
      channel.once("close", () => resolve(all));
      channel.write(`${JSON.stringify({ op, params })}\n`);
    });
    answer.parse(JSON.parse(text));
  }

  close(): void {
    this.#client.end();
  }
}

const open = (client: Client, subsystem: string = subsystems.rpc) =>
  new Promise<ClientChannel>((resolve, reject) => {
    client.subsys(subsystem, (error, channel) => (error ? reject(error) : resolve(channel)));
  });
