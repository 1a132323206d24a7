import { createHash } from "node:crypto";
import type { ServerChannel } from "ssh2";
import { encodeLine } from "../../protocol/codec.ts";
import { importTrailer, ops, type Request } from "../../protocol/rpc.ts";
import type { Session } from "../../protocol/session.ts";

/** Where a home goes. */
interface Taker {
  id: string;
  /** Streams that came whole. */
  imported: Map<string, Buffer>;
  /** What becomes of the last word to the client. */
  lastWord: "said" | "lost";
  put(session: Session): void;
}

/** A fake agent's side of an import: takes the stream, checks its sum and makes the session, in memory. */
export class ImportedHome {
  readonly #taker: Taker;
  readonly #channel: ServerChannel;
  readonly #asked: Request;
  readonly #parts: Buffer[] = [];

  constructor(taker: Taker, channel: ServerChannel, asked: Request) {
    this.#taker = taker;
    this.#channel = channel;
    this.#asked = asked;
  }

  take(chunk: Buffer): void {
    this.#parts.push(chunk);
  }

  end(): void {
    const all = Buffer.concat(this.#parts);
    const stream = all.subarray(0, -importTrailer);
    const sum = createHash("sha256").update(stream).digest();
    if (!sum.equals(all.subarray(-importTrailer))) return;
    const { id, name, port, protocol, dns_name, created_at, last_accessed } = ops.import.params.parse(
      this.#asked.params,
    );
    const session: Session = {
      uuid: id,
      name,
      created_at,
      last_accessed,
      protocol,
      ...(port && { port: port === -1 ? 1001 : port }),
      ...(dns_name && { dns_name }),
      agent_id: this.#taker.id,
      state: "stopped",
      imported_sha256: sum.toString("hex"),
    };
    this.#taker.imported.set(id, Buffer.from(stream));
    this.#taker.put(session);
    if (this.#taker.lastWord === "said") this.#channel.write(encodeLine({ ok: true, result: session }));
    this.#channel.end();
  }
}
