import { createHash } from "node:crypto";
import { lookup } from "node:dns/promises";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, realpath, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run } from "./shell.ts";
import { versions } from "./versions.ts";

export type Log = (line: string) => void;

/** Where the engine is: `<root>/bin/pulumi`, and where it came from. */
export interface Engine {
  root: string;
  origin: "machine" | "download" | "modules";
}

const downloadHost = "get.pulumi.com";

async function isRightVersion(pulumi: string): Promise<boolean> {
  return (await run([pulumi, "version"])).stdout.trim() === `v${versions.engine}`;
}

/** The official engine of the pinned version on the PATH. */
async function onMachine(path: string): Promise<Engine | null> {
  for (const folder of path.split(":")) {
    const pulumi = join(folder, "pulumi");
    if (!existsSync(pulumi) || !(await isRightVersion(pulumi))) continue;
    return { root: dirname(dirname(await realpath(pulumi))), origin: "machine" };
  }
  return null;
}

/** Whether the official download answers; a network that is closed is noticed in seconds. */
export async function downloadAnswers(): Promise<boolean> {
  const limit = AbortSignal.timeout(4_000);
  const late = new Promise<never>((_, reject) =>
    limit.addEventListener("abort", () => reject(new Error("late"))),
  );
  try {
    await Promise.race([lookup(downloadHost), late]);
    return (await fetch(`https://${downloadHost}/install.sh`, { method: "HEAD", signal: limit })).ok;
  } catch {
    return false;
  }
}

/** The official engine by the official way; anything that fails leaves nothing behind. */
async function download(folder: string, log: Log): Promise<Engine | null> {
  const root = join(folder, `official-${versions.engine}`);
  if (!existsSync(join(root, "bin/pulumi"))) {
    if (!(await downloadAnswers())) return null;
    log(`downloading the official engine ${versions.engine}`);
    const { PulumiCommand } = await import("@pulumi/pulumi/automation/index.js");
    const { SemVer } = await import("semver");
    const work = await mkdtemp(join(folder, "download-"));
    try {
      await PulumiCommand.install({ root: work, version: new SemVer(versions.engine) });
      await rename(work, root);
    } catch (error) {
      log(`the download failed: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
  return { root, origin: "download" };
}

const modules = [
  { folder: "engine", binary: "pulumi", from: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi" },
  {
    folder: "language",
    binary: "pulumi-language-nodejs",
    from: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
  },
] as const;

const flags = [
  ...["-trimpath", "-tags", "osusergo,grpcnotrace", "-ldflags"],
  `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${versions.engine}`,
];

/** `-mod=mod` would rewrite our pins: go.sum decides what is built. */
async function goBuild(path: string, source: string, output: string, from: string): Promise<void> {
  const env = ["env", `PATH=${path}`, "CGO_ENABLED=0", "GOFLAGS=-mod=readonly"];
  const { code, stderr } = await run([...env, "go", "build", ...flags, "-o", output, from], { cwd: source });
  if (code !== 0) throw new Error(`building ${from} failed:\n${stderr.trim()}`);
}

async function checkGo(path: string): Promise<void> {
  const { code, stdout } = await run(["env", `PATH=${path}`, "go", "env", "GOVERSION"]);
  const [, major, minor] = /go(\d+)\.(\d+)/.exec(stdout) ?? [];
  if (code === 0 && (Number(major) > 1 || Number(minor) >= 25)) return;
  const found = code === 0 ? `Go ${stdout.trim()} is too old` : "Go is missing";
  throw new Error(
    `no official engine answers and ${found}: install Go 1.25 or newer to build the engine, or pulumi ${versions.engine} itself`,
  );
}

/** The same engine and its language host, built from the pinned modules; once per set of pins. */
async function fromModules(folder: string, path: string, log: Log): Promise<Engine> {
  const sums = await Promise.all(modules.map((m) => readFile(join(import.meta.dirname, m.folder, "go.sum"))));
  const hash = createHash("sha256")
    .update(Buffer.concat(sums))
    .update(flags.join(" "))
    .digest("hex")
    .slice(0, 12);
  const root = join(folder, `modules-${hash}`);
  if (!existsSync(join(root, "bin/pulumi"))) {
    await checkGo(path);
    const work = await mkdtemp(join(folder, "build-"));
    try {
      for (const { folder: module, binary, from } of modules) {
        log(`building ${binary} from its pinned module (minutes, once)`);
        await goBuild(path, join(import.meta.dirname, module), join(work, "bin", binary), from);
      }
      await rename(work, root);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
  return { root, origin: "modules" };
}

/** Official on the machine, else official download, else built from modules; `offline` asks for the last alone. */
export async function findEngine(folder: string, offline: boolean, path: string, log: Log): Promise<Engine> {
  await mkdir(folder, { recursive: true });
  const official = offline ? null : ((await onMachine(path)) ?? (await download(folder, log)));
  return official ?? fromModules(folder, path, log);
}
