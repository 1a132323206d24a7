import { spawn } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Outcome } from "../steps/script-host.fake.ts";
import { vmScriptText, type VmScript } from "./script.ts";

/** libvirt as far as our scripts ask it: machines and the network are files, and every change is a line in `log`. */
const virsh = `dir=/var/lib/fake-libvirt; mkdir -p $dir/domains
while [[ "$1" == -* ]]; do shift; done
verb=$1; shift
case "$verb" in
  list) if [[ "$*" == *--state-running* ]]; then grep -l running $dir/domains/*/state 2>/dev/null | xargs -rn1 dirname | xargs -rn1 basename; else ls $dir/domains; fi ;;
  dominfo) cat "$dir/domains/$1/info" ;;
  domstate) cat "$dir/domains/$1/state" ;;
  domblklist) cat "$dir/domains/$1/disks" ;;
  domblkinfo) echo "Capacity: $(cat "$dir/domains/$1/capacity-$2")" ;;
  define) name=$(sed -n 's/^name=//p' "$1"); mkdir -p "$dir/domains/$name"; cp "$1" "$dir/domains/$name/definition"
    echo "shut off" >"$dir/domains/$name/state"; printf 'Name: %s\\nCPU(s): 1\\nMax memory: 1048576 KiB\\n' "$name" >"$dir/domains/$name/info"
    printf ' file disk vda os\\n file disk vdb data\\n file cdrom sda seed.iso\\n' >"$dir/domains/$name/disks"
    echo $((6 << 30)) >"$dir/domains/$name/capacity-vda"; echo $((4 << 30)) >"$dir/domains/$name/capacity-vdb"; echo "define" >>$dir/log ;;
  start) echo running >"$dir/domains/$1/state"; echo start >>$dir/log ;;
  change-media) printf ' file disk vda os\\n file disk vdb data\\n file cdrom sda -\\n' >"$dir/domains/$1/disks"; echo eject >>$dir/log ;;
  destroy) echo "shut off" >"$dir/domains/$1/state"; echo destroy >>$dir/log ;;
  undefine) rm -r "$dir/domains/$1"; echo undefine >>$dir/log ;;
  autostart | net-autostart) ;;
  net-info) [ -e $dir/network ] ;;
  net-define) cp "$1" $dir/network; echo net-define >>$dir/log ;;
  net-list) if [ -e $dir/started ]; then echo convocate; fi ;;
  net-start) touch $dir/started; echo net-start >>$dir/log ;;
  net-dumpxml) sed 's/^/    /' $dir/network ;;
  net-update) case "$4" in "<"*) ;; *) echo "error: Failed to open file '$4'" >&2; exit 1 ;; esac
    [ "$1 $2" = "convocate add" ] && echo "$4" >>$dir/network
    if [ "$2" = delete ]; then grep -vF "$(sed 's,/>$,,' <<<"$4")" $dir/network >$dir/network.new; mv $dir/network.new $dir/network; fi; echo "net-update $2" >>$dir/log ;;
  *) echo "no $verb" >&2; exit 9 ;;
esac`;

const programs: Record<string, string> = {
  virsh,
  "virt-install": `while [ $# -gt 0 ]; do [ "$1" != --name ] || echo "name=$2"; echo "word=$1"; shift; done`,
  genisoimage: `while [ "$1" != -output ]; do shift; done; tar -cf "$2" -C "\${@: -1}" .`,
  "qemu-img": `case "$1" in
    info) cat "\${@: -1}.info" 2>/dev/null || echo '{"virtual-size": 2147483648,}' ;;
    convert) cp "\${@: -2:1}" "\${@: -1}"; echo convert >>/var/lib/fake-libvirt/log ;;
    create) touch "\${@: -2:1}"; echo create >>/var/lib/fake-libvirt/log ;;
    resize) ;;
  esac`,
  "apt-get": "echo apt-get >>/var/lib/fake-libvirt/log",
  "dpkg-query": "echo installed",
  systemctl: `echo "systemctl $*" >>/var/lib/fake-libvirt/log`,
  sync: ":",
  sshd: ":",
  "systemd-run": `echo "systemd-run $*" >>/var/lib/fake-libvirt/log`,
};

/** This machine with an /etc, a /var/lib, a /var/log and programs of its own, for the scripts that run on hypervisors. Only root can make one. */
export class FakeHypervisor {
  readonly #folder = mkdtempSync(join(tmpdir(), "hypervisor-"));

  constructor() {
    cpSync("/etc", this.path("etc"), { recursive: true, verbatimSymlinks: true });
    for (const folder of ["lib/fake-libvirt", "lib/convocate-provision", "log", "bin", "run", "home"])
      mkdirSync(this.path(folder), { recursive: true });
    writeFileSync(this.path("lib/convocate-provision/upgraded"), "");
    appendFileSync(this.path("etc/passwd"), `admin:x:0:0::${this.path("home")}:/bin/bash\n`);
    chmodSync(this.#folder, 0o755);
    for (const [name, text] of Object.entries(programs)) this.addProgram(name, text);
  }

  path(...parts: string[]): string {
    return join(this.#folder, ...parts);
  }

  machine(...parts: string[]): string {
    return this.path("lib/convocate-machines", ...parts);
  }

  /** A program in /usr/local/bin: the text of a bash script. */
  addProgram(name: string, text: string): void {
    writeFileSync(this.path("bin", name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
  }

  /** A machine of somebody else's, that is off. */
  addForeign(
    name: string,
    { cpu, ramMib, diskBytes }: { cpu: number; ramMib: number; diskBytes: number },
  ): void {
    const folder = this.path("lib/fake-libvirt/domains", name);
    mkdirSync(folder, { recursive: true });
    const info = `Name: ${name}\nCPU(s): ${String(cpu)}\nMax memory: ${String(ramMib * 1024)} KiB\n`;
    writeFileSync(join(folder, "info"), info);
    writeFileSync(join(folder, "state"), "shut off\n");
    writeFileSync(join(folder, "disks"), " file disk vda /x\n file cdrom sda /y.iso\n");
    writeFileSync(join(folder, "capacity-vda"), String(diskBytes));
  }

  /** What was done since the last call. */
  did(): string[] {
    const file = this.path("lib/fake-libvirt/log");
    const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
    rmSync(file, { force: true });
    return lines;
  }

  network(): string {
    return readFileSync(this.path("lib/fake-libvirt/network"), "utf8");
  }

  /** Command line of a shell that runs what follows it within. */
  get #within(): string {
    const binds = { etc: "/etc", lib: "/var/lib", log: "/var/log", bin: "/usr/local/bin", run: "/run" };
    const mounts = Object.entries(binds).map(([from, to]) => `mount --rbind "$0/${from}" ${to}`);
    return `${mounts.join(" && ")} && PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin exec "$@"`;
  }

  /** A `sudo` in a folder of its own, that leads in here; for an SSH server. */
  get sudo(): string {
    const folder = this.path("sudo");
    mkdirSync(folder, { recursive: true });
    const text = `#!/bin/bash\n[ "$1" = -n ] && shift\nexport SUDO_USER=admin\nexec unshare --mount bash -c '${this.#within}' ${this.#folder} "$@"\n`;
    writeFileSync(join(folder, "sudo"), text, { mode: 0o755 });
    return folder;
  }

  run(name: VmScript, inputs: Record<string, string>): Promise<Outcome> {
    const inside = ["bash", "--norc", "-s"];
    const child = spawn("unshare", ["--mount", "bash", "-c", this.#within, this.#folder, ...inside]);
    return new Promise((resolve, reject) => {
      const out = { stdout: "", stderr: "" };
      child.stdout.on("data", (chunk: Buffer) => (out.stdout += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (out.stderr += chunk.toString()));
      child.on("error", reject);
      child.on("close", (status) => resolve({ status, ...out }));
      child.stdin.end(vmScriptText(name, inputs));
    });
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
