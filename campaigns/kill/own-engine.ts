import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must, run, until } from "../../lab/command.ts";
import { sessionUser } from "./agent-process.ts";

/** First process of the namespaces: reaps what others leave, as an init does. */
const init = "ip link set lo up; while :; do sleep 86400 & wait $!; done";

const answersWithinMs = 60_000;

/**
 * A Docker Engine of our own that may be killed: processes, network and mounts are in namespaces of their own, so that the
 * machine's engine and its bridges stay as they are, and everything ends with the first process.
 */
export class OwnEngine {
  readonly folder: string;
  readonly #holder: ChildProcess;
  readonly #init: number;
  #daemon: ChildProcess | null = null;

  private constructor(folder: string, holder: ChildProcess, initPid: number) {
    this.folder = folder;
    this.#holder = holder;
    this.#init = initPid;
  }

  get socket(): string {
    return join(this.folder, "docker.sock");
  }

  /** An engine in a new folder below /tmp, started, with `image` of the machine's engine. */
  static async make(image: string): Promise<OwnEngine> {
    const folder = await mkdtemp(join(tmpdir(), "convocate-kill-engine-"));
    // The agent, who is not root, has to reach the socket.
    await chmod(folder, 0o711);
    for (const name of ["data", "exec"]) await mkdir(join(folder, name));
    const flags = ["--fork", "--pid", "--mount-proc", "--net", "--mount", "--kill-child"];
    const holder = spawn("unshare", [...flags, "bash", "-c", init], {
      stdio: "ignore",
      // Ctrl-C is for the campaign, which ends it itself.
      detached: true,
    });
    const initPid = await until("namespaces", 10_000, () => onlyChild(holder.pid ?? 0));
    const engine = new OwnEngine(folder, holder, initPid);
    try {
      await engine.start();
      await must([
        "sh",
        "-c",
        'docker save "$1" | docker -H "$2" load',
        "sh",
        image,
        `unix://${engine.socket}`,
      ]);
      return engine;
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    const { folder } = this;
    // Of a daemon that was killed: its pid may be another process by now.
    await rm(join(folder, "docker.pid"), { force: true });
    const places = ["--data-root", "data", "--exec-root", "exec", "--pidfile", "docker.pid"].map((word) =>
      word.startsWith("--") ? word : join(folder, word),
    );
    const behaviour = [
      "--live-restore",
      "--bridge=none",
      "--userland-proxy=false",
      `--group=${String(sessionUser)}`,
    ];
    const enter = ["-t", String(this.#init), "-p", "-m", "-n", "dockerd", "-H", `unix://${this.socket}`];
    const log = openSync(join(folder, "dockerd.log"), "a");
    this.#daemon = spawn("nsenter", [...enter, ...places, ...behaviour], {
      stdio: ["ignore", log, log],
      detached: true,
    });
    closeSync(log);
    await until("our Docker Engine answers", answersWithinMs, async () => {
      if (this.#daemon?.exitCode === null) return (await run(this.docker("version"))).code === 0;
      throw new Error(`our Docker Engine ended:\n${await this.#log()}`);
    });
  }

  /** SIGKILL to the engine; its containerd dies with it, containers and their shims live on. */
  async kill(): Promise<void> {
    const daemon = this.#daemon;
    if (!daemon) return;
    this.#daemon = null;
    const ended = once(daemon, "exit");
    // nsenter waits for it, outside of its namespace.
    const pid = await onlyChild(daemon.pid ?? 0);
    if (pid) process.kill(pid, "SIGKILL");
    await ended;
  }

  /** A docker command for this engine. */
  docker(...args: string[]): string[] {
    return ["docker", "-H", `unix://${this.socket}`, ...args];
  }

  /** What runs in containers, whatever the engine believes: their ids with the command of their first process. */
  async inhabited(): Promise<Map<string, string>> {
    const own = await namespace(this.#init);
    const pids = (await readdir("/proc")).map(Number).filter((pid) => pid > 0);
    const found = await Promise.all(
      pids.map(async (pid) => {
        if ((await namespace(pid)) !== own) return [];
        const words = (await readFile(`/proc/${String(pid)}/cmdline`, "utf8").catch(() => "")).split("\0");
        const id = words[words.indexOf("-id") + 1];
        if (!words[0]?.endsWith("containerd-shim-runc-v2") || id === undefined) return [];
        // An engine that was killed in the middle of a start leaves its shim, or `runc init` that waits to become the program.
        const commands = (await childrenOf(pid)).filter(
          (command) => command !== "" && command !== "runc init",
        );
        return commands.map((command) => [id, command] as const);
      }),
    );
    return new Map(found.flat());
  }

  async #log(): Promise<string> {
    const text = await readFile(join(this.folder, "dockerd.log"), "utf8").catch(() => "");
    return text.split("\n").slice(-15).join("\n");
  }

  /** Ends everything in the namespaces and removes the folder. */
  async close(): Promise<void> {
    const ended = once(this.#holder, "exit");
    process.kill(this.#init, "SIGKILL");
    await ended;
    await until("the engine's folder is free", 20_000, async () => {
      await rm(this.folder, { recursive: true, force: true }).catch(() => undefined);
      return (await readdir(this.folder).catch(() => null)) === null;
    });
  }
}

async function onlyChild(pid: number): Promise<number | false> {
  const path = `/proc/${String(pid)}/task/${String(pid)}/children`;
  return Number((await readFile(path, "utf8").catch(() => "")).trim()) || false;
}

/** Command lines of a process's children; any of its threads may be the parent. */
async function childrenOf(pid: number): Promise<string[]> {
  const tasks = `/proc/${String(pid)}/task`;
  const read = (path: string) => readFile(path, "utf8").catch(() => "");
  const threads = await readdir(tasks).catch(() => []);
  const pids = (await Promise.all(threads.map((thread) => read(join(tasks, thread, "children"))))).join(" ");
  const commands = (pids.match(/\d+/g) ?? []).map((child) => read(`/proc/${child}/cmdline`));
  return (await Promise.all(commands)).map((text) => text.replaceAll("\0", " ").trim());
}

const namespace = (pid: number) => readlink(`/proc/${String(pid)}/ns/pid`).catch(() => null);
