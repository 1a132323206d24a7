import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, open, readFile, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { must, run, until } from "./command.ts";

export type Say = (line: string) => void;

const answers = async () =>
  (await run(["docker", "info", "--format", "{{.ServerVersion}}"], { timeoutMs: 10_000 })).code === 0;

async function install(say: Say): Promise<void> {
  if ((await run(["sh", "-c", "command -v dockerd"])).code === 0) return;
  if ((await run(["sh", "-c", "command -v apt-get"])).code !== 0) {
    throw new Error(
      "no Docker Engine on this machine and no apt-get to install one: install Docker, then run this again",
    );
  }
  say("installing docker.io");
  await must(["apt-get", "update", "-qq"]);
  const install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "docker.io", "iptables"];
  await must(["env", "DEBIAN_FRONTEND=noninteractive", ...install]);
}

/** Starts dockerd as a process of its own, for machines without systemd; its pid and log stay in `dataDir`. */
async function startDaemon(dataDir: string, say: Say): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  const log = await open(join(dataDir, "dockerd.log"), "a");
  const child = spawn("dockerd", [], { detached: true, stdio: ["ignore", log.fd, log.fd] });
  child.unref();
  await log.close();
  await writeFile(join(dataDir, "dockerd.pid"), String(child.pid));
  say(`started dockerd (pid ${String(child.pid)}, log ${join(dataDir, "dockerd.log")})`);
}

/**
 * Makes a Docker Engine available: one that runs is used as it is; else it is installed where it is missing and started.
 * Throws with the remedy when that is not possible.
 */
export async function ensureEngine(dataDir: string, say: Say): Promise<void> {
  if (await answers()) return;
  if (process.getuid?.() !== 0) {
    throw new Error(
      "the Docker Engine does not answer and only root can start it: run this with sudo, or start Docker",
    );
  }
  await install(say);
  const { bavail, bsize } = await statfs("/var/lib");
  if (bavail * bsize < 6e9) {
    throw new Error(
      `${((bavail * bsize) / 1e9).toFixed(1)} GB are free for /var/lib/docker, 6 GB are needed: free some`,
    );
  }
  if (existsSync("/run/systemd/system")) await must(["systemctl", "start", "docker"]);
  else if (!(await answers())) await startDaemon(dataDir, say);
  await until("Docker Engine answers", 60_000, answers).catch((error: unknown) => {
    throw new Error(`${String(error)}; its log is ${join(dataDir, "dockerd.log")}`);
  });
}

/** Stops a dockerd that `ensureEngine` started, unless containers still run in it; nothing of it is left but its data. */
export async function releaseEngine(dataDir: string, say: Say): Promise<void> {
  const file = join(dataDir, "dockerd.pid");
  const pid = await readFile(file, "utf8").then(Number, () => 0);
  if (!pid || !(await readFile(`/proc/${String(pid)}/comm`, "utf8").catch(() => "")).startsWith("dockerd"))
    return;
  const containers = await run(["docker", "ps", "-q"]);
  if (containers.code !== 0 || containers.stdout !== "") return;
  process.kill(pid, "SIGTERM");
  await until("dockerd ends", 30_000, () => Promise.resolve(!existsSync(`/proc/${String(pid)}`)));
  // Somebody may have started another at this very moment: the bridge is its by now.
  if (await answers()) return;
  await run(["ip", "link", "delete", "docker0"]);
  await run(["umount", "/run/docker/netns/default"]);
  await rm(file);
  say("stopped the dockerd that the lab had started");
}
