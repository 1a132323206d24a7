import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { putProgram } from "../toolchain/program.fake.ts";

/**
 * An agent host as far as deliveries see one: a real Docker Engine of its own with nothing in it, and an /etc, a
 * /var/lib/docker, an /opt and a /usr/local/lib of its own. `sudo` is a program in `bin` that runs what it is given in there.
 * Only root can make one.
 */
export class SecondEngine {
  readonly #folder = mkdtempSync("/var/tmp/second-engine-");
  #daemon: ChildProcess | null = null;

  path(...parts: string[]): string {
    return join(this.#folder, ...parts);
  }

  /** Where commands on this host are found. */
  get commands(): string {
    return `${this.path("bin")}:/usr/sbin:/usr/bin:/sbin:/bin`;
  }

  docker(...args: string[]): string {
    return execFileSync("docker", ["-H", this.#socket, ...args], { encoding: "utf8", stdio: "pipe" }).trim();
  }

  async start(): Promise<void> {
    cpSync("/etc", this.path("etc"), { recursive: true, verbatimSymlinks: true });
    appendFileSync(this.path("etc/group"), "convocate:x:1337:\n");
    for (const name of ["docker", "opt"]) mkdirSync(this.path(name));
    mkdirSync(this.path("lib/convocate/runtime-1/bin"), { recursive: true });
    symlinkSync(process.execPath, this.path("lib/convocate/runtime-1/bin/node"));
    const places = { etc: "/etc", docker: "/var/lib/docker", opt: "/opt", lib: "/usr/local/lib" };
    const mounts = Object.entries(places).map(([name, at]) => `mount --bind ${this.path(name)} ${at}`);
    putProgram(
      this.path("bin"),
      "sudo",
      `shift; export DOCKER_HOST=${this.#socket}; exec unshare --mount sh -c '${mounts.join(" && ")} && exec "$@"' sh "$@"`,
    );
    const log = openSync(this.path("dockerd.log"), "w");
    this.#daemon = spawn("dockerd", this.#daemonArguments(), { stdio: ["ignore", log, log] });
    for (let tries = 0; ; tries++) {
      try {
        this.docker("version");
        return;
      } catch (error) {
        if (tries === 150) throw new Error(readFileSync(this.path("dockerd.log"), "utf8"), { cause: error });
        await setTimeout(200);
      }
    }
  }

  /** Nothing that another engine on this machine has: no network, no rules, no containerd. */
  #daemonArguments(): string[] {
    return [
      ...["-H", this.#socket, "--bridge", "none", "--iptables=false", "--ip6tables=false"],
      ...[
        "--data-root",
        this.path("docker"),
        "--exec-root",
        this.path("exec"),
        "--pidfile",
        this.path("pid"),
      ],
      ...["--containerd-namespace", "second", "--containerd-plugins-namespace", "second-plugins"],
    ];
  }

  get #socket(): string {
    return `unix://${this.path("docker.sock")}`;
  }

  async stop(): Promise<void> {
    const daemon = this.#daemon;
    if (daemon?.exitCode === null) {
      const ended = new Promise((resolve) => daemon.on("close", resolve));
      daemon.kill("SIGTERM");
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
