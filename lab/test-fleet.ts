import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ensureBase } from "./base.ts";
import { must, run, type Outcome } from "./command.ts";
import { dial } from "./dial.ts";
import { Lab } from "./lab.ts";
import { recordPins } from "./stack-file.ts";

const root = join(import.meta.dirname, "..");
const dataDir =
  process.env["CONVOCATE_DATA"] ??
  join(process.env["XDG_DATA_HOME"] ?? join(homedir(), ".local/share"), "convocate");

/** A fleet of its own for one test file: a lab, a stack and a stack file, all of the same name; real from end to end. */
export class TestFleet {
  readonly lab: Lab;
  readonly stack: string;
  /** Everything the engine printed. */
  transcript = "";
  /** Every command line that ran on this machine while the engine did. */
  readonly commandLines = new Set<string>();

  constructor(name: string) {
    this.stack = `test-${name}`;
    this.lab = new Lab({ name: this.stack, dataDir, say: () => undefined });
  }

  get stackFile(): string {
    return join(root, "stacks", `Pulumi.${this.stack}.yaml`);
  }

  get stateFolder(): string {
    return join(dataDir, "state");
  }

  /** Brings hosts up in the lab, builds what ships, and selects the stack. Begins by removing what a crashed run left. */
  async open(hosts: string[], kind: "warm" | "vanilla" = "warm"): Promise<void> {
    await this.close();
    await this.lab.up(hosts, kind);
    const base = await ensureBase(() => undefined);
    await must(["node", join(root, "infra/image/main.ts"), "--image", "slim", "--base", base]);
    await must([join(root, "script/pulumi"), "stack", "select", "--create", this.stack]);
  }

  /** Writes the stack file: these host entries, with addresses and pins as the lab knows them, and other settings. */
  async configure(hosts: Record<string, string>, settings: Record<string, string> = {}): Promise<void> {
    const more = Object.entries(settings).map(([name, value]) => `  convocate:${name}: ${value}\n`);
    const entries = Object.entries(hosts).map(([name, entry]) => `    ${name}: ${entry}\n`);
    const salt = /^encryptionsalt:.*$/m.exec(readFileSync(this.stackFile, "utf8"))?.[0] ?? "";
    const text = `config:\n  convocate:domain: test.internal\n  convocate:command: bash --norc\n  convocate:image: slim\n${more.join("")}  convocate:hosts:\n${entries.join("")}${salt}\n`;
    writeFileSync(
      this.stackFile,
      recordPins(text, await this.lab.connection(), await this.lab.records.hosts()),
    );
  }

  /** The command line of `script/pulumi up` for this stack. */
  get upCommand(): string[] {
    const options = [
      "--yes",
      "--skip-preview",
      "--non-interactive",
      "--color",
      "never",
      "--stack",
      this.stack,
    ];
    return [join(root, "script/pulumi"), "up", ...options];
  }

  /** `script/pulumi up`; watches this machine's process list meanwhile. */
  async up(): Promise<Outcome> {
    const watch = setInterval(() => {
      void run(["ps", "-eo", "args"]).then(({ stdout }) =>
        stdout.split("\n").forEach((line) => this.commandLines.add(line)),
      );
    }, 300);
    const outcome = await run(this.upCommand).finally(() => clearInterval(watch));
    this.transcript += outcome.stdout + outcome.stderr;
    return outcome;
  }

  /** Runs a verb of `convocate` as an operator does: over SSH, on the shell host. */
  verb(...words: string[]): Promise<Outcome> {
    return this.lab.ssh("shell-1", words.join(" "), { user: "convocate" });
  }

  /** Runs a verb of `convocate-host` on this stack. */
  host(...words: string[]): Promise<Outcome> {
    return run([join(root, "script/convocate-host"), ...words, "--stack", this.stack]);
  }

  /** The sessions, as scripts see them. */
  async sessions(): Promise<Record<string, unknown>[]> {
    const { stdout } = await this.verb("ls --json");
    return JSON.parse(stdout) as Record<string, unknown>[];
  }

  /** Asks an agent itself, as an operator's key may; returns what its one line says. */
  async ask(agent: string, op: string, params: unknown): Promise<Record<string, unknown>> {
    const { address } = await this.lab.host(agent);
    const stdin = `${JSON.stringify({ op, params })}\n`;
    const keyFile = this.lab.records.privateKeyFile;
    const subsystem = "convocate-agent-rpc";
    const answer = await dial({ address, port: 222, subsystem, keyFile, stdin, jump: await this.jump() });
    if (answer.code !== 0) throw new Error(`${agent} did not answer ${op}: ${answer.stderr}`);
    return JSON.parse(answer.stdout) as Record<string, unknown>;
  }

  /** argv that leads through the shell host, from where alone the daemons' ports are open. */
  async jump(): Promise<string[]> {
    return [...this.lab.sshCommand("shell-1"), (await this.lab.host("shell-1")).address];
  }

  /** The command line that opens the list in a terminal. */
  async listCommand(): Promise<string> {
    const { address } = await this.lab.host("shell-1");
    return [...this.lab.sshCommand("shell-1", "convocate"), "-t", address].join(" ");
  }

  /** Takes everything away again. */
  async close(): Promise<void> {
    await run([join(root, "script/pulumi"), "stack", "rm", "--yes", "--force", this.stack]);
    rmSync(this.stackFile, { force: true });
    await this.lab.down();
  }
}
