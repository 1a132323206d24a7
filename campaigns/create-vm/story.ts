import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { must, run, until, type Outcome } from "../../lab/command.ts";
import type { TestFleet } from "../../lab/test-fleet.ts";
import { ensureGuestImage, type GuestImage } from "../../lab/vm-guest.ts";
import { addRoutes, fitForMachines, removeRoute } from "../../lab/vm-host.ts";
import type { Say } from "../campaign.ts";
import type { Random } from "../random.ts";
import { watch } from "./command.ts";

const root = join(import.meta.dirname, "../..");
const hypervisor = "hyper-1";
const session = "convocate-session-";

const result = z.looseObject({
  result: z.string(),
  name: z.string(),
  address: z.string(),
  host_key: z.string(),
  network: z.string(),
});

/** A machine from nothing to a session on it, and away again; what is not as it should be is kept in `found`. */
export class MachineStory {
  readonly #fleet: TestFleet;
  readonly #say: Say;
  readonly #folder = mkdtempSync(join(tmpdir(), "campaign-create-vm-"));
  readonly found: string[] = [];
  #image: GuestImage | null = null;
  #made: z.infer<typeof result> | null = null;

  constructor(fleet: TestFleet, say: Say) {
    this.#fleet = fleet;
    this.#say = say;
  }

  get #machine(): z.infer<typeof result> {
    if (this.#made === null) throw new Error("there is no machine yet");
    return this.#made;
  }

  async #timed<T>(what: string, work: () => Promise<T>): Promise<T> {
    const began = performance.now();
    const done = await work();
    this.#say(`${what}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
    return done;
  }

  #expect(what: string, is: boolean, said = ""): void {
    this.#say(`${is ? "as it should be" : "NOT AS IT SHOULD BE"}: ${what}`);
    if (!is) this.found.push(`${what}: ${said.trim().slice(-1500)}`);
  }

  async open(): Promise<void> {
    const { lab } = this.#fleet;
    await this.#timed("hosts", () => this.#fleet.open(["shell-1", hypervisor]));
    await fitForMachines(lab, hypervisor);
    this.#image = await this.#timed("image of the machine", () =>
      ensureGuestImage(dirname(dirname(lab.records.folder)), this.#say),
    );
    await this.#fleet.configure({ "shell-1": "{ role: shell }" });
    const up = await this.#timed("up of the shell host", () => this.#fleet.up());
    if (up.code !== 0) throw new Error(`up: ${up.stderr}${up.stdout}`);
  }

  async #login(): Promise<string[]> {
    const { lab } = this.#fleet;
    const { address, hostKey } = await lab.host(hypervisor);
    return [
      ...["--hypervisor", address, "--username", lab.user, "--host-key", hostKey, "--replace"],
      ...["--identity", lab.records.privateKeyFile, "--stack", this.#fleet.stack, "--json"],
    ];
  }

  async #create(...more: string[]): Promise<string[]> {
    const { file = "", sha256 = "" } = this.#image ?? {};
    return [
      ...[join(root, "script/convocate-host"), "create-vm", ...(await this.#login())],
      ...["--domain", "test.internal", "--cpu", "1", "--ram", "2048", "--osdisk", "6", "--datadisk", "4"],
      ...["--virt-type", "qemu", "--image", file, "--image-sha256", sha256, "--join", "shell-1", ...more],
    ];
  }

  /** With `random` the command is killed once in each of its steps, at any moment of them, and run again. */
  async make(random: Random | null): Promise<void> {
    const killed = new Set<string>();
    const steps = new Map<string, number>();
    for (;;) {
      let struck: string | null = null;
      const began = performance.now();
      const ended = await watch(await this.#create(), ({ step }, kill) => {
        if (step === undefined) return;
        // The machine's name is another each time.
        const known = step.replaceAll(/\b[a-z]{8}\b(?= answers|$)/g, "…").replace(/ at .*/, "");
        steps.set(known, performance.now() - began);
        if (random === null || struck !== null || killed.has(known)) return;
        struck = known;
        killed.add(known);
        setTimeout(kill, random.int(0, 3000));
      });
      if (struck !== null && ended.code !== 0) {
        this.#say(`killed in: ${String(struck)}`);
        continue;
      }
      const times = [...steps].map(([step, ms]) => `${(ms / 1000).toFixed(0)} s ${step}`);
      this.#say(`create-vm: ${((performance.now() - began) / 1000).toFixed(0)} s (${times.join(", ")})`);
      if (ended.code !== 0) throw new Error(`create-vm: status ${String(ended.code)}: ${ended.stderr}`);
      this.#made = result.parse(ended.last);
      return;
    }
  }

  async findAgain(): Promise<void> {
    const { code, stdout, stderr } = await this.#timed("create-vm again", async () =>
      run(await this.#create()),
    );
    const last = stdout.trim().split("\n").at(-1) ?? "";
    const is = code === 0 && last.includes('"result":"unchanged"') && last.includes(this.#machine.name);
    this.#expect("the same words find the machine", is, last + stderr);
    const list = await this.#inHypervisor("virsh -q list --all --name; ls /var/lib/convocate-machines");
    this.#expect(
      "there is one machine, and no seed",
      list.split("\n").filter((line) => /^[a-z]{8}$/.test(line)).length === 2 &&
        !(await this.#inHypervisor("ls /var/lib/convocate-machines/*/")).includes("seed"),
      list,
    );
    const much = await run([...(await this.#create("--another")), "--cpu", "2"]);
    this.#expect(
      "more than the hypervisor has left is refused with figures",
      much.code === 4 && /cpu: 2 asked for, and 1 of \d+ given away/.test(much.stderr),
      much.stderr,
    );
  }

  #inHypervisor(script: string): Promise<string> {
    return must(["docker", "exec", this.#fleet.lab.container(hypervisor), "bash", "-c", script]);
  }

  /** A command in the machine, over SSH, with the key that create-vm told. */
  #inMachine(command: string): Promise<Outcome> {
    const { address, host_key: hostKey } = this.#machine;
    const pins = join(this.#folder, "known_hosts");
    writeFileSync(pins, `${address} ${hostKey}\n`);
    const { user, records } = this.#fleet.lab;
    const options = [
      "IdentitiesOnly=yes",
      "BatchMode=yes",
      "StrictHostKeyChecking=yes",
      `UserKnownHostsFile=${pins}`,
    ];
    return run(
      [
        "ssh",
        "-F",
        "none",
        "-i",
        records.privateKeyFile,
        ...options.flatMap((one) => ["-o", one]),
        `${user}@${address}`,
        command,
      ],
      { timeoutMs: 120_000 },
    );
  }

  async look(): Promise<void> {
    await addRoutes(this.#fleet.lab, this.#machine.network, hypervisor, ["shell-1"]);
    const { stdout, stderr } = await this.#inMachine(
      "hostname; findmnt -no LABEL,TARGET /var; sudo sshd -T; sudo passwd -S $(id -un); systemd-analyze",
    );
    this.#say(
      stdout
        .split("\n")
        .filter((line) => line.startsWith("Startup"))
        .join(),
    );
    const has = (line: string) => stdout.split("\n").includes(line);
    this.#expect("it answers with its own key and its name", has(this.#machine.name), stdout + stderr);
    this.#expect("its data disk is at /var", has("convocate-var /var"), stdout);
    for (const line of [
      "permitrootlogin no",
      "passwordauthentication no",
      "maxauthtries 4",
      "x11forwarding no",
    ])
      this.#expect(`sshd -T says: ${line}`, has(line), stdout);
    this.#expect("its user has no password", / L /.test(stdout), stdout);
    const slice = await this.#inHypervisor(
      "systemctl show machine.slice -p CPUQuotaPerSecUSec -p MemoryMax; sshd -T | grep -x 'permitrootlogin no'",
    );
    this.#expect(
      "the hypervisor is hardened, and its machines are limited",
      /permitrootlogin no/.test(slice) && !/infinity/.test(slice),
      slice,
    );
    const named = await this.#inHypervisor(
      `getent hosts ${this.#machine.address} >/dev/null; virsh net-dumpxml convocate`,
    );
    this.#expect("it has a name in DNS", named.includes(`${this.#machine.name}.test.internal`), named);
  }

  async joinFleet(): Promise<void> {
    const text = readFileSync(this.#fleet.stackFile, "utf8");
    this.#expect("--join added it to the stack file", text.includes(this.#machine.name), text);
    const up = await this.#timed("up with the machine as an agent", () => this.#fleet.up());
    this.#expect("it joins the fleet by `pulumi up`", up.code === 0, up.stdout + up.stderr);
    if (up.code !== 0) throw new Error("without that there is no session");
  }

  async runSession(): Promise<void> {
    const made = await this.#fleet.verb("new", "one", "--agent", this.#machine.name, "--memory", "512m");
    this.#expect("a session is made on it", made.code === 0, made.stderr);
    const started = await this.#timed("start of a session", () => this.#fleet.verb("restart", "one"));
    this.#expect("the session starts", started.code === 0, started.stderr);
    await until("the session runs", 300_000, async () =>
      (await this.#fleet.sessions()).some(({ name, state }) => name === "one" && state === "running"),
    );
    const inside = await this.#inMachine(
      `sudo docker exec $(sudo docker ps -q --filter name=${session}) sh -c 'id convocate; uname -r'; findmnt -no SOURCE -T /var/lib/docker`,
    );
    this.#expect(
      "it runs there, with its images on the data disk",
      inside.code === 0 && /\/dev\/vd/.test(inside.stdout),
      inside.stdout + inside.stderr,
    );
  }

  async destroy(): Promise<void> {
    const words = [
      join(root, "script/convocate-host"),
      "destroy-vm",
      this.#machine.name,
      ...(await this.#login()),
    ];
    const refused = await run(words);
    this.#expect(
      "a host of a stack is not destroyed",
      refused.code === 4 && refused.stderr.includes("is a host of stack"),
      refused.stderr + refused.stdout,
    );
    await this.#fleet.verb("kill", "one");
    await this.#fleet.verb("delete", "one", "--yes");
    await this.#fleet.configure({ "shell-1": "{ role: shell }" });
    const out = await this.#timed("up without the machine", () => this.#fleet.up());
    this.#expect("it leaves the fleet", out.code === 0, out.stdout + out.stderr);
    const gone = await this.#timed("destroy-vm", () => run(words));
    this.#expect("then it is", gone.code === 0 && gone.stdout.includes('"removed"'), gone.stderr);
    const left = await this.#inHypervisor(
      "virsh -q list --all --name; ls -A /var/lib/convocate-machines; virsh net-dumpxml convocate | grep -E 'host (mac|ip)' || true",
    );
    this.#expect("nothing is left of it but the image", left.trim() === "images", left);
    const again = await run(words);
    this.#expect(
      "a second time finds nothing to do",
      again.code === 0 && again.stdout.includes('"absent"'),
      again.stdout + again.stderr,
    );
  }

  async close(): Promise<void> {
    if (this.#made !== null) await removeRoute(this.#made.network);
    await this.#fleet.close();
    if (existsSync(this.#folder)) rmSync(this.#folder, { recursive: true });
  }
}
