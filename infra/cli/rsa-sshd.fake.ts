import type { AddressInfo } from "node:net";
import { Server } from "ssh2";
import { keyPair } from "../toolchain/plugins/command/sshd.fake.ts";

/** An SSH server on 127.0.0.1 that has an RSA key and no other, and lets nobody in. */
export class RsaSshd {
  readonly #server = new Server({ hostKeys: [keyPair("rsa").privateKey] }, (connection) => {
    connection.on("error", () => undefined);
    connection.on("authentication", (context) => context.reject());
  });

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
