import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { ConfigDir } from "../../daemons/status/registration.fake.ts";
import type { Target } from "./agent.ts";

const serving = z.looseObject({ msg: z.literal("serving"), port: z.number() });

/** Clock ticks of a second in /proc: 100 on every Linux that Node.js runs on. */
const ticks = 100;

/** The status daemon as a process of its own, in a folder of its own. */
export class StatusProcess {
  readonly folder = mkdtempSync(join(tmpdir(), "convocate-storm-"));
  readonly config = new ConfigDir(this.folder);
  readonly socket = join(this.folder, "fleet.sock");
  /** Lines of its journal that complain of an agent's events. */
  readonly complaints: string[] = [];
  readonly #program: string;
  readonly #flags: readonly string[];
  #child: ChildProcess | null = null;
  #port = 0;

  /** `program`: path of the daemon's bundle or of its main.ts; `flags`: Node's own. */
  constructor(program: string, flags: readonly string[] = []) {
    this.#program = program;
    this.#flags = flags;
  }

  get target(): Target {
    return { port: this.#port, hostKey: this.config.hostKey.publicKey };
  }

  /** Starts it, on the port it had before, and waits until it serves. */
  async start(): Promise<void> {
    const flags = {
      "--config-dir": this.folder,
      "--state-dir": this.folder,
      "--address": "127.0.0.1",
      "--port": String(this.#port),
      "--socket": this.socket,
    };
    const argv = [...this.#flags, this.#program, "serve", ...Object.entries(flags).flat()];
    const child = spawn(process.execPath, argv, { stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    const last: string[] = [];
    this.#port = await new Promise<number>((resolve, reject) => {
      child.once("exit", (code) =>
        reject(new Error(`the status daemon ended with status ${String(code)}: ${last.join("\n")}`)),
      );
      createInterface(child.stderr).on("line", (line) => {
        if (last.push(line) > 20) last.shift();
        if (line.includes('"event skipped"')) this.complaints.push(line);
        if (!line.includes('"serving"')) return;
        const told = serving.safeParse(JSON.parse(line));
        if (told.success) resolve(told.data.port);
      });
    });
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  /** Seconds of processor time it has used so far. */
  async cpu(): Promise<number> {
    const stat = await readFile(`/proc/${String(this.#child?.pid)}/stat`, "utf8");
    // The command's name is in brackets and may hold anything; what follows it are numbers.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / ticks;
  }

  /** Resident memory in MB (10⁶ bytes): now, and at most since the start. */
  async memory(): Promise<{ now: number; peak: number }> {
    const status = await readFile(`/proc/${String(this.#child?.pid)}/status`, "utf8");
    const field = (name: string) =>
      (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1024) / 1e6;
    return { now: field("VmRSS"), peak: field("VmHWM") };
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true });
  }
}
