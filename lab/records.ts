import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { must } from "./command.ts";
import { freeAddress } from "./network.ts";

/** A lab host as an operator needs to know it. */
export interface Host {
  name: string;
  address: string;
  /** `ssh-ed25519 AAAA…` */
  hostKey: string;
}

async function keyPair(file: string, comment: string): Promise<void> {
  if (!existsSync(file))
    await must(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", file]);
}

/** What a lab remembers on the operator's side: its subnet, the operator's key, and every host's address and key. */
export class Records {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  get privateKeyFile(): string {
    return join(this.folder, "operator_ed25519");
  }

  get knownHostsFile(): string {
    return join(this.folder, "known_hosts");
  }

  /** `ssh-ed25519 AAAA…` */
  async operatorKey(): Promise<string> {
    return (await readFile(`${this.privateKeyFile}.pub`, "utf8")).split(" ").slice(0, 2).join(" ");
  }

  hostKeyFile(host: string): string {
    return join(this.folder, "hosts", host, "ssh_host_ed25519_key");
  }

  async subnet(choose: () => Promise<string>): Promise<string> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const file = join(this.folder, "subnet");
    if (!existsSync(file)) await writeFile(file, await choose());
    return readFile(file, "utf8");
  }

  /** Another one is chosen the next time: somebody else has it. */
  async forgetSubnet(): Promise<void> {
    await rm(join(this.folder, "subnet"), { force: true });
  }

  async hosts(): Promise<Host[]> {
    const names = await readdir(join(this.folder, "hosts")).catch(() => []);
    return Promise.all(
      names.sort().map(async (name) => {
        const address = await readFile(join(this.folder, "hosts", name, "address"), "utf8");
        const publicKey = await readFile(`${this.hostKeyFile(name)}.pub`, "utf8");
        return { name, address, hostKey: publicKey.split(" ").slice(0, 2).join(" ").trim() };
      }),
    );
  }

  /** Gives `name` an address and keys that stay until it is forgotten. */
  async remember(name: string, subnet: string): Promise<void> {
    const folder = join(this.folder, "hosts", name);
    await keyPair(this.privateKeyFile, "operator of the lab");
    if (existsSync(join(folder, "address"))) return;
    const taken = (await this.hosts()).map((host) => host.address);
    await mkdir(folder, { recursive: true });
    await keyPair(this.hostKeyFile(name), name);
    await writeFile(join(folder, "address"), freeAddress(subnet, taken));
    await this.writeKnownHosts();
  }

  async forget(name: string): Promise<void> {
    await rm(join(this.folder, "hosts", name), { recursive: true, force: true });
    await this.writeKnownHosts();
  }

  async forgetAll(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  private async writeKnownHosts(): Promise<void> {
    const lines = (await this.hosts()).map(({ name, address, hostKey }) => `${name},${address} ${hostKey}\n`);
    await writeFile(this.knownHostsFile, lines.join(""));
  }
}
