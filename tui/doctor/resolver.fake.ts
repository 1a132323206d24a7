import { createSocket } from "node:dgram";

/** A name server for tests, on 127.0.0.1 over UDP: A records out of a table, else no such name. */
export class FakeResolver {
  /** Name to address. */
  readonly names = new Map<string, string>();
  readonly #socket = createSocket("udp4");
  address = "";

  listen(): Promise<void> {
    this.#socket.on("message", (query, { port, address }) => {
      this.#socket.send(this.#answer(query), port, address);
    });
    return new Promise((resolve) => {
      this.#socket.bind(0, "127.0.0.1", () => {
        this.address = `127.0.0.1:${String(this.#socket.address().port)}`;
        resolve();
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }

  /** RFC 1035 §4: header, the question as it came, and an answer that points to its name. */
  #answer(query: Buffer): Buffer {
    const labels: string[] = [];
    let at = 12;
    for (let size = query[at] ?? 0; size > 0; size = query[at] ?? 0) {
      labels.push(query.toString("latin1", at + 1, at + 1 + size));
      at += 1 + size;
    }
    const question = query.subarray(12, at + 5);
    const found = this.names.get(labels.join("."));
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(found === undefined ? 0x8183 : 0x8180, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(found === undefined ? 0 : 1, 6);
    if (found === undefined) return Buffer.concat([header, question]);
    const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...found.split(".").map(Number)]);
    return Buffer.concat([header, question, record]);
  }
}
