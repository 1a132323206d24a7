import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { registrationFiles, shellFiles } from "../../protocol/config.ts";
import { createKeyPair, type KeyPair } from "../ssh/keypair.fake.ts";

/** What provisioning leaves on a shell host, in a folder of a test. */
export class ConfigDir {
  readonly path: string;
  readonly hostKey: KeyPair = createKeyPair("host");

  constructor(path: string) {
    this.path = path;
    writeFileSync(join(path, shellFiles.hostKey), this.hostKey.privateKey);
    writeFileSync(join(path, shellFiles.authorizedKeys), "");
    mkdirSync(join(path, "agent-keys"));
  }

  register(id: string, host: string, address = "192.0.2.1"): void {
    const folder = join(this.path, "agent-keys", id);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, registrationFiles.name), `${host}\n`);
    writeFileSync(join(folder, registrationFiles.address), `${address}\n`);
  }

  deregister(id: string): void {
    rmSync(join(this.path, "agent-keys", id), { recursive: true });
  }

  /** A key that the daemon admits as agent `id`. */
  admit(id: string): KeyPair {
    const key = createKeyPair(`agent=${id}`);
    this.authorize(key.publicKey);
    return key;
  }

  authorize(line: string): void {
    appendFileSync(join(this.path, shellFiles.authorizedKeys), `${line}\n`);
  }

  revokeAll(): void {
    writeFileSync(join(this.path, shellFiles.authorizedKeys), "");
  }
}
