import { spawn } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scriptText, type ScriptName } from "./script.ts";

export interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** This machine with an /etc, a /var/log, a /var/lib and a /usr/local/bin of its own, for scripts that write there. Only root can make one. */
export class ScriptHost {
  readonly #folder = mkdtempSync(join(tmpdir(), "script-host-"));

  constructor() {
    cpSync("/etc", this.path("etc"), { recursive: true, verbatimSymlinks: true });
    mkdirSync(this.path("log"));
    mkdirSync(this.path("lib"));
    mkdirSync(this.path("bin"));
    mkdirSync(this.path("tmp"));
    chmodSync(this.path("tmp"), 0o1777);
  }

  path(...parts: string[]): string {
    return join(this.#folder, ...parts);
  }

  /** As `install` leaves it: the group is there. */
  addGroup(name: string, gid: number): void {
    appendFileSync(this.path("etc/group"), `${name}:x:${String(gid)}:\n`);
  }

  /** As `install` leaves it: the user is there. */
  addUser(name: string, uid: number): void {
    this.addGroup(name, uid);
    const line = `${name}:x:${String(uid)}:${String(uid)}::/nonexistent:/usr/sbin/nologin\n`;
    appendFileSync(this.path("etc/passwd"), line);
  }

  /** A program in /usr/local/bin: the text of a bash script. */
  addProgram(name: string, text: string): void {
    writeFileSync(this.path("bin", name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
  }

  /** A firewall whose rules are in /etc/ufw-rules, as the real one would show them. */
  addFirewall(...rules: string[]): void {
    writeFileSync(this.path("etc/ufw-rules"), rules.map((rule) => `ufw ${rule}\n`).join(""));
    this.addProgram(
      "ufw",
      `case "$*" in
        "show added") cat /etc/ufw-rules ;;
        "--force delete "*) rule="\${*:3}"; sed -i "/^ufw \${rule//\\//\\\\/}\\( comment .*\\)\\?$/d" /etc/ufw-rules ;;
        *" comment "*) echo "ufw \${*:1:$#-2} comment '\${*: -1}'" >>/etc/ufw-rules ;;
        *) exit 9 ;;
      esac`,
    );
  }

  /** A log server as `init-shell` leaves it. What its rsyslog is told is noted in /var/log/rsyslog; settings that say `bad` it refuses. */
  addLogServer(): void {
    for (const folder of ["etc/convocate/rsyslog-ca", "etc/convocate/log-peers", "etc/rsyslog.d"])
      mkdirSync(this.path(folder), { recursive: true });
    writeFileSync(this.path("etc/convocate/rsyslog-ca/ca.pem"), "the authority's\n");
    this.addProgram("rsyslogd", '! grep -qs bad "${@: -1}" /etc/rsyslog.d/*');
    this.addProgram("systemctl", '[ "$1" = reset-failed ] || echo "$1" >>/var/log/rsyslog');
    this.addProgram("ss", `echo 'users:(("rsyslogd",pid=1,fd=2))'`);
    this.addProgram("journalctl", "echo what rsyslog says");
  }

  firewall(): string[] {
    return readFileSync(this.path("etc/ufw-rules"), "utf8").split("\n").filter(Boolean);
  }

  /** Not a byte is free on /tmp while scripts run. */
  fullTmp = false;

  /** Runs a script as provisioning does: by standard input of a root shell. */
  run(name: ScriptName, inputs: Record<string, string>, ...args: string[]): Promise<Outcome> {
    const tmp = this.fullTmp
      ? "mount -t tmpfs -o size=4k tmpfs /tmp && { cat /dev/zero >/tmp/full 2>/dev/null || true; }"
      : 'mount --bind "$0/tmp" /tmp';
    const within = `mount --rbind "$0/etc" /etc && mount --bind "$0/log" /var/log && mount --bind "$0/lib" /var/lib && mount --bind "$0/bin" /usr/local/bin && ${tmp} && exec bash --norc -s "$@"`;
    const child = spawn("unshare", ["--mount", "bash", "-c", within, this.#folder, ...args]);
    return new Promise((resolve, reject) => {
      const out = { stdout: "", stderr: "" };
      child.stdout.on("data", (chunk: Buffer) => (out.stdout += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (out.stderr += chunk.toString()));
      child.on("error", reject);
      child.on("close", (status) => resolve({ status, ...out }));
      child.stdin.end(scriptText(name, inputs));
    });
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
