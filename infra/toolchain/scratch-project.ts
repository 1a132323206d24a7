import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { ensureToolchain } from "./toolchain.ts";

const root = join(import.meta.dirname, "../..");

export interface EngineRun {
  code: number;
  output: string;
}

/** A resource in a stack's state, as `pulumi stack export` shows it. */
export interface StateResource {
  urn: string;
  type: string;
  id?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

/** A Pulumi project of its own in a temporary folder, with a real engine, our plugins and a state of its own; for tests. */
export class ScratchProject {
  readonly folder = mkdtempSync(join(tmpdir(), "scratch-"));
  #env: Record<string, string> = {};
  #root = "";
  readonly #running = new Set<ChildProcess>();

  async open(): Promise<void> {
    const toolchain = await ensureToolchain({
      dataDir: process.env["CONVOCATE_DATA"] ?? join(homedir(), ".local/share/convocate"),
      plugins: "offline",
      path: process.env["PATH"] ?? "",
      agentSocket: undefined,
      log: () => undefined,
    });
    this.#root = toolchain.root;
    this.#env = { ...toolchain.env, PULUMI_BACKEND_URL: `file://${this.folder}` };
    symlinkSync(join(root, "node_modules"), join(this.folder, "node_modules"));
    this.write("package.json", `{ "type": "module" }`);
    this.write(
      "Pulumi.yaml",
      "name: scratch\nruntime: { name: nodejs, options: { typescript: false } }\nmain: index.ts\n",
    );
    await this.pulumi("stack", "init", "test");
  }

  close(): void {
    for (const child of this.#running) {
      child.kill("SIGKILL");
      // What a killed engine started holds its pipes for minutes.
      child.stdout?.destroy();
      child.stderr?.destroy();
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  /** Starts the engine; the caller waits for its end. */
  start(...args: string[]): ChildProcess {
    const argv = [...args, "--cwd", this.folder, "--non-interactive", "--color", "never"];
    const env = { ...process.env, ...this.#env };
    const child = spawn(join(this.#root, "bin/pulumi"), argv, { env, stdio: "pipe" });
    this.#running.add(child);
    child.once("close", () => this.#running.delete(child));
    return child;
  }

  pulumi(...args: string[]): Promise<EngineRun> {
    const child = this.start(...args);
    let output = "";
    child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    return new Promise((resolve) => child.on("close", (code) => resolve({ code: code ?? 1, output })));
  }

  /** Makes `program` the project's program and runs `up`. */
  async up(program: string): Promise<EngineRun> {
    this.write("index.ts", program);
    return this.pulumi("up", "--yes", "--skip-preview");
  }

  /** What is stored, secrets encrypted, as text. */
  get state(): string {
    return readFileSync(join(this.folder, ".pulumi/stacks/scratch/test.json"), "utf8");
  }

  async resources(): Promise<StateResource[]> {
    const { output } = await this.pulumi("stack", "export", "--show-secrets");
    const parsed = JSON.parse(output) as { deployment: { resources?: StateResource[] } };
    return parsed.deployment.resources ?? [];
  }
}
