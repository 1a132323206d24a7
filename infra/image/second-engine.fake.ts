import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { HostPlace } from "./host-place.fake.ts";

/** A host with a real Docker Engine of its own that has nothing in it. Only root can make one. */
export class SecondEngine {
  readonly #folder = mkdtempSync("/var/tmp/second-engine-");
  readonly #socket = `unix://${join(this.#folder, "docker.sock")}`;
  readonly host = new HostPlace(`DOCKER_HOST=${this.#socket}`);
  #daemon: ChildProcess | null = null;

  docker(...args: string[]): string {
    return execFileSync("docker", ["-H", this.#socket, ...args], { encoding: "utf8", stdio: "pipe" }).trim();
  }

  async start(): Promise<void> {
    const log = openSync(join(this.#folder, "log"), "w");
    this.#daemon = spawn("unshare", ["--net", "dockerd", ...this.#arguments()], {
      stdio: ["ignore", log, log],
    });
    for (let tries = 0; ; tries++) {
      try {
        this.docker("version");
        return;
      } catch (error) {
        if (tries === 150) throw new Error(readFileSync(join(this.#folder, "log"), "utf8"), { cause: error });
        await setTimeout(200);
      }
    }
  }

  /**
   * Nothing that another engine on this machine has: no containerd, no rules, and a network namespace of its own, because an
   * engine that is to have no bridge removes the `docker0` it finds.
   */
  #arguments(): string[] {
    const own = (name: string) => join(this.#folder, name);
    return [
      ...["-H", this.#socket, "--bridge", "none", "--iptables=false", "--ip6tables=false"],
      ...["--data-root", this.host.path("docker"), "--exec-root", own("exec"), "--pidfile", own("pid")],
      ...["--containerd-namespace", "second", "--containerd-plugins-namespace", "second-plugins"],
    ];
  }

  async stop(): Promise<void> {
    const daemon = this.#daemon;
    if (daemon?.exitCode === null) {
      const ended = new Promise((resolve) => daemon.on("close", resolve));
      daemon.kill("SIGTERM");
      await ended;
    }
    this.host.remove();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
