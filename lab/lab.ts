import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureHostImage, type Base } from "./base.ts";
import { must, run, until, type Outcome, type RunOptions } from "./command.ts";
import { containerName, createHost, labLabel, networkName, privileges } from "./container.ts";
import { ensureEngine, type Say } from "./engine.ts";
import { freeSubnet, takenNetworks, uplinkMtu } from "./network.ts";
import { Records, type Host } from "./records.ts";
import type { Connection } from "./stack-file.ts";

export interface LabOptions {
  name: string;
  /** The project's data folder; a lab's own is `labs/<name>` below it. */
  dataDir: string;
  say: Say;
}

/** `running` as the engine sees it, `off` when stopped, `missing` when remembered but gone. */
export interface HostStatus extends Host {
  state: "running" | "off" | "missing";
  cut: boolean;
}

/** Hosts in containers on a network of their own: used to try, to demo and to test. */
export class Lab {
  readonly name: string;
  readonly records: Records;
  /** The user that provisioning connects as: may `sudo` without a password. */
  readonly user = "admin";
  readonly #dataDir: string;
  readonly #say: Say;

  constructor({ name, dataDir, say }: LabOptions) {
    if (!/^[a-z][a-z0-9-]{0,30}$/.test(name))
      throw new Error(`lab name "${name}": use a-z, 0-9 and -, up to 31`);
    this.name = name;
    this.records = new Records(join(dataDir, "labs", name));
    this.#dataDir = dataDir;
    this.#say = say;
  }

  /** Brings hosts up, in parallel; what is up stays as it is. Resolves when each answers SSH with its own key. */
  async up(names: readonly string[], base: Base): Promise<Host[]> {
    for (const name of names) {
      if (!/^[a-z][a-z0-9-]{0,30}$/.test(name))
        throw new Error(`host name "${name}": use a-z, 0-9 and -, up to 31`);
    }
    await ensureEngine(this.#dataDir, this.#say);
    const image = await ensureHostImage(base, this.#say);
    const subnet = await this.#ensureNetwork();
    for (const name of names) await this.records.remember(name, subnet);
    const hosts = (await this.records.hosts()).filter((host) => names.includes(host.name));
    const rights = await this.#privileges(image);
    await Promise.all(hosts.map((host) => this.#ensureHost(host, image, rights)));
    return hosts;
  }

  /** Another lab that comes up at the same moment may choose the same subnet: who is later chooses again. Returns the subnet. */
  async #ensureNetwork(): Promise<string> {
    const network = networkName(this.name);
    const mtu = `com.docker.network.driver.mtu=${String(await uplinkMtu())}`;
    for (let left = 10; ; left -= 1) {
      const subnet = await this.records.subnet(async () => freeSubnet(await takenNetworks()));
      if ((await run(["docker", "network", "inspect", network])).code === 0) return subnet;
      const create = ["docker", "network", "create", "--subnet", subnet, "-o", mtu];
      const { code, stderr } = await run([...create, "--label", labLabel(this.name), network]);
      if (code === 0) return subnet;
      const again = /overlaps/.test(stderr) && (await this.records.hosts()).length === 0 && left > 0;
      if (!again) throw new Error(`the network ${subnet} of lab ${this.name}: ${stderr.trim()}`);
      await this.records.forgetSubnet();
    }
  }

  async #privileges(image: string): Promise<string[]> {
    const trial = await run([
      "docker",
      "run",
      "--rm",
      "--privileged",
      "--label",
      labLabel(this.name),
      image,
      "true",
    ]);
    const mask = /^CapBnd:\s*([0-9a-f]+)$/m.exec(await readFile("/proc/self/status", "utf8"))?.[1] ?? "0";
    return privileges(trial.code === 0, BigInt(`0x${mask}`));
  }

  async #ensureHost(host: Host, image: string, rights: string[]): Promise<void> {
    const container = containerName(this.name, host.name);
    const start = Date.now();
    if ((await run(["docker", "container", "inspect", container])).code !== 0) {
      await must(
        createHost({ lab: this.name, host: host.name, image, address: host.address, privileges: rights }),
      );
      await this.#deliverKeys(host.name, container);
    }
    await must(["docker", "start", container]);
    await until(
      `host ${host.name} answers SSH`,
      90_000,
      async () => (await this.ssh(host.name, "true")).code === 0,
    );
    await until(`systemd of host ${host.name} has started`, 90_000, async () => {
      const { stdout } = await this.exec(host.name, ["systemctl", "is-system-running"]);
      return ["running", "degraded"].includes(stdout.trim());
    });
    this.#say(
      `host ${host.name} is up at ${host.address} (${String(Math.round((Date.now() - start) / 1000))} s)`,
    );
  }

  /** Keys are made on the operator's side, so that a host is pinned before its first contact. */
  async #deliverKeys(host: string, container: string): Promise<void> {
    const script = `set -e
      work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
      install -D -m 600 "$1" "$work/etc/ssh/ssh_host_ed25519_key"
      install -D -m 644 "$1.pub" "$work/etc/ssh/ssh_host_ed25519_key.pub"
      install -D -m 644 "$2.pub" "$work/home/admin/.ssh/authorized_keys"
      tar -C "$work" --owner=0 --group=0 -c etc/ssh/ssh_host_ed25519_key etc/ssh/ssh_host_ed25519_key.pub home/admin/.ssh/authorized_keys |
        docker cp - "$3:/"`;
    await must([
      "sh",
      "-c",
      script,
      "sh",
      this.records.hostKeyFile(host),
      this.records.privateKeyFile,
      container,
    ]);
  }

  /** What a stack file must know to reach this lab. */
  async connection(): Promise<Connection> {
    const { privateKeyFile } = this.records;
    return { user: this.user, privateKeyFile, operatorKey: await this.records.operatorKey() };
  }

  /** argv of ssh to a host with the lab's key and pins, and nothing of the operator's own configuration. */
  sshCommand(host: string, user: string = this.user): string[] {
    return [
      ...[
        "ssh",
        "-F",
        "none",
        "-i",
        this.records.privateKeyFile,
        "-o",
        "IdentitiesOnly=yes",
        "-o",
        "BatchMode=yes",
      ],
      ...["-o", `UserKnownHostsFile=${this.records.knownHostsFile}`, "-o", "StrictHostKeyChecking=yes"],
      ...["-o", "ConnectTimeout=5", "-o", `HostKeyAlias=${host}`, "-o", "LogLevel=ERROR", "-l", user],
    ];
  }

  /** Runs a command line on a host over SSH. */
  async ssh(host: string, command: string, options: RunOptions & { user?: string } = {}): Promise<Outcome> {
    const { address } = await this.host(host);
    return run([...this.sshCommand(host, options.user), address, command], { timeoutMs: 30_000, ...options });
  }

  /** Name of the container that is a host. */
  container(host: string): string {
    return containerName(this.name, host);
  }

  /** Runs a command on a host as root, without SSH. */
  exec(host: string, argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return run(["docker", "exec", "-i", this.container(host), ...argv], options);
  }

  async host(name: string): Promise<Host> {
    const hosts = await this.records.hosts();
    const host = hosts.find((h) => h.name === name);
    if (!host)
      throw new Error(
        `lab ${this.name} has no host "${name}": it has ${hosts.map((h) => h.name).join(", ") || "none"}`,
      );
    return host;
  }

  async status(): Promise<HostStatus[]> {
    return Promise.all(
      (await this.records.hosts()).map(async (host) => {
        const { code, stdout } = await run([
          "docker",
          "container",
          "inspect",
          "--format",
          "{{.State.Running}}",
          containerName(this.name, host.name),
        ]);
        const state = code !== 0 ? "missing" : stdout.trim() === "true" ? "running" : "off";
        return { ...host, state, cut: state === "running" && (await this.#link(host.name)).down };
      }),
    );
  }

  /** The machine's end of a host's cable. */
  async #link(host: string): Promise<{ device: string; down: boolean }> {
    await this.host(host);
    const index = (
      await must(["docker", "exec", containerName(this.name, host), "cat", "/sys/class/net/eth0/iflink"])
    ).trim();
    const line = (await must(["ip", "-o", "link"])).split("\n").find((l) => l.startsWith(`${index}: `)) ?? "";
    const device = /^\d+: ([^@:]+)/.exec(line)?.[1];
    if (!device) throw new Error(`host ${host} has no network: is it running?`);
    return { device, down: !/<[^>]*\bUP\b/.test(line) };
  }

  /** Every packet to and from the host is lost from now on; the host itself lives. */
  async cut(host: string): Promise<void> {
    await must(["ip", "link", "set", (await this.#link(host)).device, "down"]);
  }

  async heal(host: string): Promise<void> {
    await must(["ip", "link", "set", (await this.#link(host)).device, "up"]);
  }

  /** Power off, hard. */
  async off(host: string): Promise<void> {
    await this.host(host);
    await must(["docker", "kill", containerName(this.name, host)]);
  }

  async on(host: string): Promise<void> {
    await this.#ensureHost(await this.host(host), "", []);
  }

  /** Removes hosts, or the whole lab: containers, volumes, network, records. */
  async down(names?: readonly string[]): Promise<void> {
    const answers = (await run(["docker", "info"], { timeoutMs: 10_000 })).code === 0;
    for (const { name } of await this.records.hosts()) {
      if (names && !names.includes(name)) continue;
      if (answers) {
        await run(["docker", "rm", "-f", "-v", containerName(this.name, name)]);
        await run(["docker", "volume", "rm", "-f", containerName(this.name, name)]);
      }
      await this.records.forget(name);
      this.#say(`host ${name} is gone`);
    }
    if (names) return;
    if (answers) await run(["docker", "network", "rm", networkName(this.name)]);
    await this.records.forgetAll();
  }
}
