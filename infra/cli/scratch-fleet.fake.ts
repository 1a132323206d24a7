import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeSshd } from "../toolchain/plugins/command/sshd.fake.ts";
import { FakeContext } from "./context.fake.ts";
import { program, type Task } from "./program.ts";

/** A program with the shape of ours: the same components, steps with the same names, over SSH; what they do is a script. */
const source = `
import { readFileSync } from "node:fs";
import { local as here, remote } from "@pulumi/command";
import { PrivateKey } from "@pulumi/tls";
import * as pulumi from "@pulumi/pulumi";

class Part extends pulumi.ComponentResource {
  constructor(type, name, parent) { super(type, name, {}, parent ? { parent } : {}); }
}
const config = new pulumi.Config("convocate");
const stdin = config.require("command");
const hosts = Object.entries(config.requireObject("hosts"));
function step(parent, name, [host, { address, port, hostKey, local }], depends) {
  const connection = local ? undefined : { host: address, port, hostKey, user: "root", dialErrorLimit: 2, privateKey: readFileSync("key-" + host, "utf8") };
  const Command = local ? here.Command : remote.Command;
  return new Command(name, {
    ...(connection && { connection }),
    create: "sh FOLDER/step.sh " + name + " apply",
    ...(name.endsWith("registration") && { delete: "sh FOLDER/step.sh " + name + " remove" }),
    stdin, logging: "none", addPreviousOutputInEnv: false,
  }, { parent, dependsOn: depends });
}
const shell = hosts.find(([, { role }]) => role === "shell");
const shellHost = new Part("convocate:host:ShellHost", shell[0]);
new PrivateKey(shell[0] + "-status-host-key", { algorithm: "ED25519" }, { parent: shellHost });
const installed = step(shellHost, shell[0] + "-install", shell, []);
const ready = step(shellHost, shell[0] + "-init-shell", shell, [installed]);
for (const host of hosts.filter(([, { role }]) => role === "agent")) {
  const agent = new Part("convocate:host:AgentHost", host[0]);
  const peering = new Part("convocate:peering:Peering", host[0] + "-peering", agent);
  new PrivateKey(host[0] + "-peering-key", { algorithm: "ED25519" }, { parent: peering });
  const install = step(agent, host[0] + "-install", host, []);
  const init = step(agent, host[0] + "-init-agent", host, [install]);
  step(agent, host[0] + "-registration", shell, [init, ready]);
}
`;

const stepScript = `cat >/dev/null
echo "$1 $2" >> "$0.ran"
while [ -e "$0.hold" ]; do sleep 0.1; done
[ ! -e "$0.$1" ] || { cat "$0.$1" >&2; exit 1; }
echo '{"app":"0123456789abcdef"}'
`;

/** A checkout with that program, hosts on loopback addresses, and a data folder of its own; for tests. */
export class ScratchFleet {
  readonly folder = mkdtempSync(join(tmpdir(), "scratch-fleet-"));
  readonly hosts = new Map<string, { sshd: FakeSshd; address: string; port: number }>();
  readonly #dataDir: string;
  readonly #path: string;

  /** The toolchain is taken from this data folder. */
  constructor(dataDir: string, path: string) {
    this.#dataDir = dataDir;
    this.#path = path;
  }

  async open(names: readonly string[]): Promise<void> {
    for (const folder of ["stacks", "data"]) mkdirSync(join(this.folder, folder));
    symlinkSync(join(import.meta.dirname, "../../node_modules"), join(this.folder, "node_modules"));
    this.linkToolchain("data");
    const files: Record<string, string> = {
      "package.json": `{ "type": "module", "version": "0" }`,
      "Pulumi.yaml": `name: convocate\nruntime: { name: nodejs, options: { typescript: false } }\nmain: index.js\nstackConfigDir: stacks\n`,
      "index.js": source.replaceAll("FOLDER", this.folder),
      "step.sh": stepScript,
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.folder, name), text);
    for (const [index, name] of names.entries()) {
      const sshd = new FakeSshd();
      const address = `127.0.1.${String(index + 1)}`;
      this.hosts.set(name, { sshd, address, port: await sshd.listen(address) });
      writeFileSync(join(this.folder, `key-${name}`), sshd.userKey.privateKey);
    }
  }

  /** Gives a data folder, which may be empty, the engine and the plugins that are there already. */
  linkToolchain(folder: string): void {
    mkdirSync(join(this.folder, folder), { recursive: true });
    for (const part of ["toolchain", "pulumi-offline"])
      symlinkSync(join(this.#dataDir, part), join(this.folder, folder, part));
  }

  get stackFile(): string {
    return join(this.folder, "stacks/Pulumi.test.yaml");
  }

  /** A host's entry as the stack file has it. */
  entry(name: string, hostKey = this.hosts.get(name)?.sshd.hostKey.publicKey ?? ""): string {
    const { address = "", port = 0 } = this.hosts.get(name) ?? {};
    const role = name.startsWith("shell") ? "role: shell" : "role: agent, shell: shell-1";
    return `${name}: { ${role}, address: ${address}, port: ${String(port)}, hostKey: "${hostKey}" }`;
  }

  /** Writes the stack file. `command` is an input of every step: another one, and every step runs again. */
  configure(command: string, entries: readonly string[]): void {
    const salt = existsSync(this.stackFile)
      ? (/^encryptionsalt:.*$/m.exec(readFileSync(this.stackFile, "utf8"))?.[0] ?? "")
      : "";
    const hosts = entries.map((entry) => `    ${entry}\n`).join("");
    writeFileSync(
      this.stackFile,
      `# our fleet\nconfig:\n  convocate:domain: test.internal # ours\n  convocate:command: ${command}\n  convocate:hosts:\n${hosts}${salt}\n`,
    );
  }

  /** The steps that ran since the last call, such as `agent-a-install apply`. */
  ran(): string[] {
    const file = join(this.folder, "step.sh.ran");
    const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
    rmSync(file, { force: true });
    return lines;
  }

  /** From now on this step fails and prints that; null: it works again. */
  fail(step: string, text: string | null): void {
    const file = join(this.folder, `step.sh.${step}`);
    if (text === null) rmSync(file, { force: true });
    else writeFileSync(file, text);
  }

  /** While it is held, a step that began does not end. */
  hold(held: boolean): void {
    const file = join(this.folder, "step.sh.hold");
    if (held) writeFileSync(file, "");
    else rmSync(file, { force: true });
  }

  context(dataDir = "data"): FakeContext {
    return new FakeContext({ root: this.folder, dataDir: join(this.folder, dataDir), path: this.#path });
  }

  /** Runs a command line as main.ts does. */
  async run(
    words: readonly string[],
    context = this.context(),
  ): Promise<{ exit: number; context: FakeContext }> {
    let task: Task = () => Promise.reject(new Error("the command line does nothing"));
    await program(context, (found) => (task = found)).parseAsync([...words], { from: "user" });
    return { exit: await task(context), context };
  }

  async close(): Promise<void> {
    await Promise.all([...this.hosts.values()].map(({ sshd }) => sshd.close()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
