import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A wire on 127.0.0.1 that counts what is sent over it, and can be cut. */
export class Proxy {
  /** Bytes that went to the server. */
  sent = 0;
  /** Cuts every connection when so many more bytes have gone to the server. */
  cutAfter = Number.POSITIVE_INFINITY;
  readonly #open = new Set<Socket>();
  readonly #server;

  constructor(target: number) {
    this.#server = createServer((client) => {
      const server = connect(target, "127.0.0.1");
      for (const socket of [client, server]) {
        this.#open.add(socket);
        socket.on("error", () => undefined);
        socket.on("close", () => {
          this.#open.delete(socket);
          client.destroy();
          server.destroy();
        });
      }
      client.on("data", (chunk: Buffer) => {
        this.sent += chunk.length;
        this.cutAfter -= chunk.length;
        if (this.cutAfter > 0) return;
        this.cutAfter = Number.POSITIVE_INFINITY;
        this.#open.forEach((socket) => socket.destroy());
      });
      client.pipe(server);
      server.pipe(client);
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#open.forEach((socket) => socket.destroy());
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
