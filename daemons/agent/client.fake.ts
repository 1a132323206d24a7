import ssh2, { type Client, type ClientChannel } from "ssh2";

/** Where an agent listens, and a key that it admits. */
export interface Reachable {
  port: number;
  operator: { privateKey: string };
}

/** A client as others write it: it knows the documented bytes and shares no code with ours. */
export class PlainClient {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  static connect(agent: Reachable, privateKey = agent.operator.privateKey): Promise<PlainClient> {
    const client = new ssh2.Client();
    return new Promise((resolve, reject) => {
      client.on("ready", () => resolve(new PlainClient(client)));
      client.on("error", reject);
      client.connect({
        host: "127.0.0.1",
        port: agent.port,
        username: "convocate",
        privateKey,
        hostVerifier: () => true,
      });
      client.setNoDelay(true);
    });
  }

  open(subsystem: string): Promise<ClientChannel> {
    return new Promise((resolve, reject) => {
      this.#client.subsys(subsystem, (error, channel) => (error ? reject(error) : resolve(channel)));
    });
  }

  /** Sends text on a channel of its own and returns everything that comes back until it is closed. */
  async exchange(text: string | Buffer, { eof = false } = {}): Promise<string> {
    const channel = await this.open("convocate-agent-rpc");
    channel.write(text);
    if (eof) channel.end();
    let all = "";
    channel.on("data", (chunk: Buffer) => (all += chunk.toString()));
    await new Promise((resolve) => channel.once("close", resolve));
    return all;
  }

  /** One v2 call: a channel, a request, a response, its end. */
  async call(
    op: string,
    params: unknown = null,
  ): Promise<{ ok: boolean; result?: unknown; error?: string; code?: string }> {
    return JSON.parse(await this.exchange(`${JSON.stringify({ op, params })}\n`)) as { ok: boolean };
  }

  /** The result of a call that must succeed. */
  async result(op: string, params: unknown = null): Promise<Record<string, unknown>> {
    const { ok, result, error } = await this.call(op, params);
    if (!ok) throw new Error(`${op}: ${String(error)}`);
    return result as Record<string, unknown>;
  }

  async list(): Promise<Record<string, unknown>[]> {
    return (await this.result("list")) as unknown as Record<string, unknown>[];
  }

  async attach(header: unknown): Promise<Attached> {
    const channel = await this.open("convocate-agent-attach");
    channel.write(`${JSON.stringify(header)}\n`);
    return new Attached(channel, this.#client);
  }

  close(): void {
    this.#client.end();
    this.#client.destroy();
  }
}

/** The client's end of a terminal. */
export class Attached {
  text = "";
  exit: number | null = null;
  closed = false;
  readonly channel: ClientChannel;
  readonly #client: Client;

  constructor(channel: ClientChannel, client: Client) {
    this.channel = channel;
    this.#client = client;
    channel.on("data", (chunk: Buffer) => (this.text += chunk.toString()));
    channel.on("exit", (code: number | null) => (this.exit = code));
    channel.on("close", () => (this.closed = true));
  }

  /** ssh2 sends window-change for shells only; the bytes are the same on a subsystem. */
  resize(cols: number, rows: number): void {
    const { _protocol: protocol } = this.#client as unknown as {
      _protocol: {
        windowChange(id: number, rows: number, cols: number, height: number, width: number): void;
      };
    };
    const { outgoing } = this.channel as unknown as { outgoing: { id: number } };
    protocol.windowChange(outgoing.id, rows, cols, 0, 0);
  }

  type(text: string): void {
    this.channel.write(text);
  }
}
