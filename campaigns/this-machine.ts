import { join } from "node:path";
import { must, until } from "../lab/command.ts";
import { TestFleet } from "../lab/test-fleet.ts";
import type { Campaign, Say } from "./campaign.ts";

const root = join(import.meta.dirname, "..");
const host = "box-1";

/** What a checkout consists of when it is set up, also where its packages are elsewhere; not its history. */
const parts = "bench bin daemons dist infra lab node_modules/. protocol script stacks tui *.json *.yaml *.ts";

/** A machine that makes itself a whole fleet, and an agent that another one joins. */
class ThisMachine {
  readonly #fleet: TestFleet;
  readonly #say: Say;
  readonly found: string[] = [];

  constructor(fleet: TestFleet, say: Say) {
    this.#fleet = fleet;
    this.#say = say;
  }

  #on(script: string): Promise<string> {
    return must(["docker", "exec", this.#fleet.lab.container(host), "bash", "-c", script], {
      timeoutMs: 600_000,
    });
  }

  /** Brings this checkout, its toolchain and a stack file that names no host to the machine. */
  async settle(dataDir: string): Promise<void> {
    const into = `docker exec -i ${this.#fleet.lab.container(host)} tar -x -C`;
    await this.#on("mkdir -p /home/admin/convocate /home/admin/data");
    const copy = (from: string, what: string, to: string) =>
      must([
        "bash",
        "-c",
        `set -o pipefail; cd '${from}'; tar -c $(ls -d ${what} 2>/dev/null) | ${into} ${to}`,
      ]);
    await copy(root, parts, "/home/admin/convocate");
    // The plugins are written anew there: they name the folder that they are in.
    await copy(dataDir, "toolchain", "/home/admin/data");
    const key = await this.#fleet.lab.records.operatorKey();
    const settings = [
      "domain: here.internal",
      "command: bash --norc",
      "image: slim",
      `operators: { lab: "${key}" }`,
    ].map((line) => `  convocate:${line}\\n`);
    await this.#on(`rm -f /home/admin/convocate/stacks/Pulumi.*.yaml
      printf '%b' 'config:\\n${settings.join("")}' >/home/admin/convocate/stacks/Pulumi.here.yaml
      chown -R admin:admin /home/admin/convocate /home/admin/data`);
  }

  /** Runs convocate-host on the machine, as its administrator. */
  async #provision(words: string): Promise<string> {
    const began = performance.now();
    const command = `cd convocate && CONVOCATE_PLUGINS=offline CONVOCATE_DATA=$HOME/data script/convocate-host ${words} --stack here`;
    const { code, stdout, stderr } = await this.#fleet.lab.ssh(host, command, { timeoutMs: 900_000 });
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    this.#say(`${words}: ${seconds} s, status ${String(code)}`);
    if (code !== 0) throw new Error(`${words}: ${stdout}${stderr}`);
    return stdout;
  }

  async provision(): Promise<void> {
    const boot = () => this.#on("awk '{ print $22 }' /proc/1/stat");
    const before = await boot();
    await this.#on("touch /var/run/reboot-required");
    const { address } = await this.#fleet.lab.host(host);
    await this.#provision(`init-shell --address ${address}`);
    await this.#provision("init-agent");
    await this.#provision("install");
    for (const words of ["update", "update --all"]) {
      const said = await this.#provision(words);
      if (!/here: unchanged/.test(said)) this.found.push(`${words} again is not unchanged: ${said}`);
      if (!/asks for a restart/.test(said)) this.found.push(`${words} does not tell of the restart: ${said}`);
    }
    if ((await boot()) !== before) this.found.push("the machine was restarted");
    const secrets = await this.#on("grep -rl 'PRIVATE KEY' /home/admin/convocate/stacks /tmp || true");
    if (secrets !== "") this.found.push(`a private key lies in ${secrets}`);
  }

  /** It is a fleet like any other. */
  async use(): Promise<void> {
    const verb = async (words: string) => {
      const { code, stdout, stderr } = await this.#fleet.lab.ssh(host, words, { user: "convocate" });
      if (code !== 0) throw new Error(`${words}: ${stderr}`);
      return stdout;
    };
    await verb("new trial");
    await verb("restart trial");
    await until("the session runs", 30_000, async () => /"state": ?"running"/.test(await verb("ls --json")));
    await until("its log is in the agent's file", 60_000, async () =>
      /session started/.test(await this.#on("cat /var/log/convocate-agent/*.log 2>/dev/null || true")),
    );
    const failed = await this.#on("systemctl --failed --no-legend --plain");
    if (failed !== "") this.found.push(`units failed: ${failed}`);
    await verb("kill trial");
    await verb("rm trial");
  }
}

export const thisMachine: Campaign = {
  name: "this-machine",
  description: "a machine makes itself shell host and agent host by local commands, and is not restarted",
  options: [],
  async run({ say }) {
    const fleet = new TestFleet("here");
    try {
      await fleet.open([host]);
      const machine = new ThisMachine(fleet, say);
      await machine.settle(join(fleet.stateFolder, ".."));
      await machine.provision();
      await machine.use();
      return machine.found;
    } finally {
      await fleet.close();
    }
  },
};
