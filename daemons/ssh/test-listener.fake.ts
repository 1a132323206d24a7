import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "../host/log.ts";
import { watchAuthorizedKeys, type AuthorizedKeys } from "./authorized-keys.ts";
import { createKeyPair } from "./keypair.fake.ts";
import { MemoryLog } from "../host/log.fake.ts";
import { listen, type Listener, type ListenOptions, type SubsystemSession } from "./listener.ts";

/** A real listener on a free port, with a file of keys that a test writes. */
export class TestListener {
  readonly log = new MemoryLog();
  readonly hostKey = createKeyPair("host");
  /** Sessions of the subsystem `hole`, which reads nothing. */
  readonly held: SubsystemSession[] = [];
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
