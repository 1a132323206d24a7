import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { Log } from "../host/log.ts";
import { watchAuthorizedKeys, type AuthorizedKeys } from "./authorized-keys.ts";
import { socketOf } from "./hostile-client.fake.ts";
import { createKeyPair } from "./keypair.fake.ts";
import { MemoryLog } from "../host/log.fake.ts";
import { listen, type Listener, type ListenOptions, type SubsystemSession } from "./listener.ts";

/** A real listener on a free port, with a file of keys that a test writes. */
export class TestListener {
  readonly log = new MemoryLog();
  readonly hostKey = createKeyPair("host");
  /** Sessions of the subsystems `hole`, which reads nothing, and `flood`, which writes without end. */
  readonly held: SubsystemSession[] = [];
  /** Bytes that the subsystem `flood` got rid of. */
  flooded = 0;
  readonly #directory = mkdtempSync(join(tmpdir(), "convocate-ssh-"));
  #keys: AuthorizedKeys | null = null;
  #listener: Listener | null = null;

  get port(): number {
    return this.#listener?.port ?? 0;
  }

  /** What the audit told, one string a connection. */
  get audits(): string[] {
    return this.log.lines.flatMap((line) =>
      line.message.startsWith("connection") ? [JSON.stringify(line.fields)] : [],
    );
  }

  authorize(...lines: string[]): void {
    writeFileSync(join(this.#directory, "authorized_keys"), `${lines.join("\n")}\n`);
  }

  async start(options: Partial<ListenOptions> = {}): Promise<void> {
    const log: Log = this.log;
    this.#keys = watchAuthorizedKeys(join(this.#directory, "authorized_keys"), log);
    this.#listener = await listen({
      host: "127.0.0.1",
      port: 0,
      hostKey: this.hostKey.privateKey,
      authorizedKeys: this.#keys,
      admits: (principal) => principal.kind === "operator",
      subsystems: {
        echo: { pty: false, open: ({ channel }) => void channel.pipe(channel) },
        hole: { pty: false, open: (session) => void this.held.push(session) },
        terminal: { pty: true, open: (session) => sizes(session) },
        flood: { pty: false, open: (session) => this.#flood(session) },
        broken: {
          pty: false,
          open() {
            throw new Error("a defect");
          },
        },
      },
      log,
      ...options,
      limits: { maxPenaltyMs: 0, ...options.limits },
    });
  }

  /** Bytes that wait for the socket of the subsystem opened last. */
  unsent(): number {
    return socketOf(this.held.at(-1)?.channel ?? {}).writableLength;
  }

  #flood(session: SubsystemSession): void {
    this.held.push(session);
    const block = Buffer.alloc(64 << 10, "x");
    const stream = new Readable({
      read: () => {
        this.flooded += block.length;
        stream.push(block);
      },
    });
    stream.pipe(session.channel.resume());
  }

  async close(): Promise<void> {
    await this.#listener?.close();
    this.#listener = null;
    this.#keys?.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Tells its pty, then every size it hears. */
function sizes({ channel, pty, onResize }: SubsystemSession): void {
  channel.write(`${JSON.stringify(pty)}\n`);
  channel.resume();
  channel.once("end", () => channel.end());
  onResize((size) => channel.write(`${JSON.stringify(size)}\n`));
}
