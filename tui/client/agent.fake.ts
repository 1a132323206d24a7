import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import ssh2, { type Connection, type ServerChannel } from "ssh2";
import { attachExit, attachHeader } from "../../protocol/attach.ts";
import { encodeLine, LineSplitter } from "../../protocol/codec.ts";
import { registrationFiles } from "../../protocol/config.ts";
import { ConvocateError, errors } from "../../protocol/errors.ts";
import { maxRequest, ops, request, type Request } from "../../protocol/rpc.ts";
import { stateOf, type Session } from "../../protocol/session.ts";
import { algorithms, subsystems } from "../../protocol/transport.ts";
import { ImportedHome } from "./imported-home.fake.ts";

/** ssh2 parses its own generator's keys only: 1 in 256 of them is broken, so until one parses. */
export function newKey(): { private: string; public: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync("ed25519");
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair;
  }
}

/** An open terminal of the fake, to be driven by a test. */
export interface FakeTerminal {
  header: { id: string; cols: number; rows: number; mode?: string | undefined };
  channel: ServerChannel;
  received: () => string;
  sizes: { cols: number; rows: number }[];
  end(status: number): void;
}

/** An agent for tests: real SSH on 127.0.0.1, sessions in memory, a terminal that echoes. */
export class FakeAgent {
  readonly id: string;
  readonly sessions = new Map<string, Session>();
  readonly calls: Request[] = [];
  /** What sessions printed. */
  readonly printed = new Map<string, string[]>();
  readonly terminals: FakeTerminal[] = [];
  /** Speaks v2: one request a channel, no capabilities, no states, no exit status. */
  readonly v2: boolean;
  /** What every answer waits for: a slow agent. */
  slowness: Promise<void> = Promise.resolve();
  /** Hears of every change, as the status daemon would. */
  onChange: (session: Session, removed: boolean) => void = () => {};
  /** Homes that came to it, as streams of tar by UUID; and what becomes of its last word when one came. */
  readonly imported = new Map<string, Buffer>();
  lastWord: "said" | "lost" = "said";
  /** Milliseconds by which its clock is ahead. */
  ahead = 0;
  hostKey = newKey();
  readonly userKey = newKey();
  readonly #connections = new Set<Connection>();
  #server: ssh2.Server | null = null;
  port = 0;

  constructor(id: string, options: { v2?: boolean } = {}) {
    this.id = id;
    this.v2 = options.v2 ?? false;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Listens; again on the same port after a `close`, as a restarted agent would. */
  listen(): Promise<void> {
    const { kex, serverHostKey, cipher, hmac, compress } = algorithms;
    this.#server = new ssh2.Server(
      {
        hostKeys: [this.hostKey.private],
        algorithms: {
          kex: [...kex],
          serverHostKey: [...serverHostKey],
          cipher: [...cipher],
          hmac: [...hmac],
          compress: [...compress],
        },
      },
      (connection) => this.#accept(connection),
    );
    return new Promise((resolve) => {
      this.#server?.listen(this.port, "127.0.0.1", () => {
        const address = this.#server?.address();
        if (typeof address === "object" && address) this.port = address.port;
        resolve();
      });
    });
  }

  /** Ends every connection and stops listening. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#server) return resolve();
      this.#server.close(() => resolve());
      for (const connection of this.#connections) connection.end();
      this.#server = null;
    });
  }

  /** Breaks every connection, as a cut cable that is noticed would. */
  cut(): void {
    for (const connection of this.#connections) connection.end();
  }

  /** Writes what provisioning would leave on the shell host. */
  async register(agentKeys: string, name: string): Promise<void> {
    const folder = join(agentKeys, this.id);
    await mkdir(folder, { recursive: true });
    const { address, name: nameFile, hostKey, toAgentKey } = registrationFiles;
    const files: Record<string, string> = {
      [address]: `127.0.0.1:${String(this.port)}\n`,
      [nameFile]: `${name}\n`,
      [hostKey]: `${this.hostKey.public}\n`,
      [toAgentKey]: this.userKey.private,
    };
    for (const [file, text] of Object.entries(files)) {
      await writeFile(join(folder, file), text, { mode: 0o600 });
    }
  }

  add(name: string, more: Partial<Session> = {}): Session {
    const now = new Date().toISOString();
    const session: Session = {
      uuid: randomUUID(),
      name,
      created_at: now,
      last_accessed: now,
      ...(this.v2 ? {} : { agent_id: this.id, state: "stopped" as const, image: "convocate:1.0" }),
      ...more,
    };
    this.put(session);
    return session;
  }

  put(session: Session): void {
    this.sessions.set(session.uuid, session);
    this.onChange(session, false);
  }

  #accept(connection: Connection): void {
    this.#connections.add(connection);
    connection.on("error", () => {});
    connection.on("close", () => this.#connections.delete(connection));
    const ours = ssh2.utils.parseKey(this.userKey.public);
    connection.on("authentication", (context) => {
      if (context.method !== "publickey" || ours instanceof Error) return context.reject(["publickey"]);
      if (!context.key.data.equals(ours.getPublicSSH())) return context.reject(["publickey"]);
      if (context.signature && context.blob && ours.verify(context.blob, context.signature) !== true) {
        return context.reject(["publickey"]);
      }
      context.accept();
    });
    connection.on("session", (accept) => {
      const sizes: { cols: number; rows: number }[] = [];
      const session = accept();
      session.on("window-change", (_accept, _reject, { cols, rows }) => void sizes.push({ cols, rows }));
      session.on("subsystem", (acceptSubsystem, reject, { name }) => {
        if (name === subsystems.rpc) this.#rpc(acceptSubsystem());
        else if (name === subsystems.attach) this.#attach(acceptSubsystem(), sizes);
        else reject();
      });
    });
  }

  #rpc(channel: ServerChannel): void {
    const lines = new LineSplitter(maxRequest);
    let importing: ImportedHome | null = null;
    channel.on("error", () => {});
    channel.on("end", () => importing?.end());
    channel.on("data", (chunk: Buffer) => {
      if (importing) return importing.take(chunk);
      for (const line of lines.push(chunk)) {
        const asked = request.parse(JSON.parse(line));
        this.calls.push(asked);
        if (asked.op === "import" && !this.v2) importing = new ImportedHome(this, channel, asked);
        void this.slowness.then(() => {
          if (channel.writable) this.#reply(channel, asked);
        });
      }
    });
  }

  #reply(channel: ServerChannel, asked: Request): void {
    const kept = !this.v2 && asked.id !== undefined;
    let answer: object;
    try {
      answer = { ok: true, result: this.#perform(asked) };
    } catch (error) {
      const code = !this.v2 && error instanceof Error ? { code: Reflect.get(error, "code") as unknown } : {};
      answer = { ok: false, error: error instanceof Error ? error.message : String(error), ...code };
    }
    // Its home comes on the same channel.
    const imports = asked.op === "import" && Reflect.get(answer, "ok") === true;
    if (kept || imports) channel.write(encodeLine({ id: asked.id, ...answer }));
    else channel.end(encodeLine(answer));
  }

  #find(asked: Request): Session {
    const id = String(asked.params?.["id"]);
    const session = this.sessions.get(id);
    if (!session) throw errors.noSession(id);
    return session;
  }

  #set(session: Session, state: "running" | "stopped"): object {
    const running = state === "running";
    this.put({ ...session, ...(this.v2 ? { running } : { running, state }) });
    return {};
  }

  #perform(asked: Request): unknown {
    const params = asked.params ?? {};
    switch (asked.op) {
      case "capabilities":
        if (this.v2) throw errors.unknownOp(asked.op);
        return { protocol: 1, version: "1.0.0", ops: ["list"], extensions: [] };
      case "ping":
        return {
          agent_id: this.id,
          version: "1.0.0",
          server_time: new Date(Date.now() + this.ahead).toISOString(),
        };
      case "list":
        return [...this.sessions.values()];
      case "get":
        return this.#find(asked);
      case "logs": {
        if (this.v2) throw errors.unknownOp(asked.op);
        const { uuid, running } = this.#find(asked);
        return { lines: this.printed.get(uuid) ?? [], running: running ?? false };
      }
      case "create": {
        const name = String(params["name"]);
        const taken = [...this.sessions.values()].find((s) => s.port && s.port === params["port"]);
        if (taken) throw errors.portTaken(Number(params["port"]), "tcp");
        const { port, protocol, dns_name } = params;
        const { command, repo, branch, labels } = ops.create.params.parse(params);
        return this.add(name, {
          ...(typeof port === "number" && port !== 0 && { port: port === -1 ? 1001 : port }),
          ...(protocol === "udp" && { protocol }),
          ...(typeof dns_name === "string" && dns_name !== "" && { dns_name }),
          ...(command && { command }),
          ...(repo && { repo }),
          ...(branch && { branch }),
          ...(labels && { labels }),
        });
      }
      case "restart": {
        const session = this.#find(asked);
        if (stateOf(session) !== "stopped") throw errors.alreadyRunning(session.name);
        return this.#set(session, "running");
      }
      case "clone": {
        const source = this.sessions.get(String(params["source_id"]));
        if (!source) throw errors.noSession(String(params["source_id"]));
        if (stateOf(source) !== "stopped") throw errors.running(source.name);
        return this.add(String(params["name"]), { command: source.command });
      }
      case "edit": {
        const session = this.#find(asked);
        const { name, port, protocol, dns_name } = ops.edit.params.parse(params);
        this.put({ ...session, name, port, protocol, dns_name });
        return {};
      }
      case "background": {
        const session = this.#find(asked);
        for (const terminal of this.terminals)
          if (terminal.header.id === session.uuid) terminal.end(attachExit.detached);
        if (stateOf(session) === "connected") this.#set(session, "running");
        return {};
      }
      case "override": {
        const session = this.#find(asked);
        if (session.state !== "locked") throw errors.notLocked(session.uuid);
        return this.#set(session, "stopped");
      }
      case "import": {
        if (this.v2) throw errors.unknownOp(asked.op);
        const { id, port, protocol } = ops.import.params.parse(params);
        const sessions = [...this.sessions.values()];
        if (sessions.some(({ uuid }) => uuid === id)) throw new ConvocateError("uuid_taken", `taken: ${id}`);
        if (sessions.some((s) => s.port && s.port === port)) throw errors.portTaken(port, protocol);
        return {};
      }
      case "kill":
        return this.#set(this.#find(asked), "stopped");
      case "delete": {
        const session = this.#find(asked);
        this.sessions.delete(session.uuid);
        this.onChange(session, true);
        return {};
      }
      default:
        throw errors.unknownOp(asked.op);
    }
  }

  #attach(channel: ServerChannel, sizes: { cols: number; rows: number }[]): void {
    const input: Buffer[] = [];
    let header = Buffer.alloc(0);
    let terminal: FakeTerminal | null = null;
    channel.on("error", () => {});
    channel.on("data", (chunk: Buffer) => {
      if (terminal) {
        input.push(chunk);
        if (!channel.write(chunk)) {
          channel.pause();
          channel.once("drain", () => channel.resume());
        }
        return;
      }
      header = Buffer.concat([header, chunk]);
      const end = header.indexOf("\n");
      if (end === -1) return;
      const asked = attachHeader.parse(JSON.parse(header.subarray(0, end).toString()));
      const early = header.subarray(end + 1);
      const session = this.sessions.get(asked.id);
      if (!session) {
        const { code, message } = errors.attachNotFound(asked.id);
        channel.write(encodeLine({ ok: false, error: message, ...(!this.v2 && { code }) }));
        if (!this.v2) channel.exit(attachExit.failed);
        channel.end();
        return;
      }
      this.#set(session, "running");
      terminal = {
        header: asked,
        channel,
        sizes,
        received: () => Buffer.concat(input).toString(),
        end: (status) => {
          if (!this.v2) channel.exit(status);
          channel.end();
        },
      };
      this.terminals.push(terminal);
      channel.write(`attached to ${session.name} at ${String(asked.cols)}x${String(asked.rows)}\r\n`);
      if (early.length === 0) return;
      input.push(early);
      channel.write(early);
    });
    channel.on("end", () => channel.end());
  }
}
