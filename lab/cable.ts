import { connect, createServer, type Server, type Socket } from "node:net";

/** A way between two programs on this machine that can be cut, or lie. */
export class Cable {
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  /** Bytes of a connection that pass before it is cut; null: it holds. */
  cutAfter: number | null = null;
  /** The byte of a connection that arrives as another; null: none. */
  flipAt: number | null = null;

  /** Listens on a port of its own, which it returns; `to` says where each connection goes. */
  async listen(to: () => number): Promise<number> {
    const server = createServer((near) => this.#join(near, connect(to(), "127.0.0.1")));
    this.#server = server;
    return new Promise((resolve) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        resolve(typeof address === "object" && address ? address.port : 0);
      });
    });
  }

  mend(): void {
    this.cutAfter = null;
    this.flipAt = null;
  }

  #join(near: Socket, far: Socket): void {
    let passed = 0;
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        (socket === near ? far : near).destroy();
      });
    }
    near.on("data", (chunk: Buffer) => {
      const at = this.flipAt === null ? -1 : this.flipAt - passed;
      if (at >= 0 && at < chunk.length) chunk.writeUInt8(chunk.readUInt8(at) ^ 1, at);
      passed += chunk.length;
      if (this.cutAfter !== null && passed > this.cutAfter) return near.destroy();
      if (far.write(chunk)) return;
      near.pause();
      far.once("drain", () => near.resume());
    });
    near.on("end", () => far.end());
    far.pipe(near);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const server = this.#server;
    if (server) await new Promise((resolve) => server.close(resolve));
  }
}
