import { connect, createServer, type Server, type Socket } from "node:net";

/** A link to a port of 127.0.0.1 that goes silent on demand, as a network does: no end, no reset, just nothing more. */
export class SilentLink {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #silent = new Set<Socket>();
  #cut = false;

  constructor(port: number) {
    this.#server = createServer((near) => {
      // Both ends hear of an error by their close.
      near.on("error", () => {});
      if (this.#cut) return void near.destroy();
      const far = connect(port, "127.0.0.1");
      this.#carry(near, far);
      this.#carry(far, near);
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    if (typeof address !== "object" || address === null) throw new Error("a link listens on tcp");
    return address.port;
  }

  /** Nothing of what is connected gets through any more, and nobody is told; new connections are refused. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) this.#silent.add(socket);
  }

  /** New connections get through. What was cut stays silent. */
  heal(): void {
    this.#cut = false;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #carry(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on("error", () => {});
    from.on("close", () => {
      this.#sockets.delete(from);
      if (!this.#silent.has(from)) to.destroy();
    });
    from.on("data", (bytes: Buffer) => {
      if (this.#silent.has(from) || to.write(bytes)) return;
      from.pause();
      to.once("drain", () => from.resume());
    });
  }
}
