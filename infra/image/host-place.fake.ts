import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { putProgram } from "../toolchain/program.fake.ts";

/** Where deliveries write on a host. */
const places = { etc: "/etc", docker: "/var/lib/docker", opt: "/opt", lib: "/usr/local/lib" };

/**
 * This machine as an agent host that `install` was through with, as far as deliveries see one: `sudo` is a program that runs
 * what it is given with an /etc, a /var/lib/docker, an /opt and a /usr/local/lib of its own. Only root can make one.
 */
export class HostPlace {
  readonly #folder = mkdtempSync("/var/tmp/host-place-");

  /** `environment`: words for env(1). */
  constructor(environment = "") {
    cpSync("/etc", this.path("etc"), { recursive: true, verbatimSymlinks: true });
    appendFileSync(this.path("etc/group"), "convocate:x:1337:\n");
    for (const name of ["docker", "opt"]) mkdirSync(this.path(name));
    mkdirSync(this.path("lib/convocate/runtime-1/bin"), { recursive: true });
    symlinkSync(process.execPath, this.path("lib/convocate/runtime-1/bin/node"));
    const mounts = Object.entries(places).map(([name, at]) => `mount --bind ${this.path(name)} ${at}`);
    const within = `${mounts.join(" && ")} && exec env ${environment} "$@"`;
    putProgram(this.path("bin"), "sudo", `shift; exec unshare --mount sh -c '${within}' sh "$@"`);
  }

  path(...parts: string[]): string {
    return join(this.#folder, ...parts);
  }

  /** The text of a file, without the last newline; null: there is none. */
  read(...parts: string[]): string | null {
    const file = this.path(...parts);
    return existsSync(file) ? readFileSync(file, "utf8").trimEnd() : null;
  }

  /** Where its commands are found. */
  get commands(): string {
    return `${this.path("bin")}:/usr/sbin:/usr/bin:/sbin:/bin`;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
