import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile, mkdir, cp } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packages } from "../infra/steps/packages.ts";
import { must, run } from "./command.ts";
import type { Say } from "./engine.ts";

/** `vanilla`: a bare system; `warm`: packages are downloaded; `installed`: and installed, for tests of what comes after that. */
export type Base = "vanilla" | "warm" | "installed";

const hash = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 12);
const exists = async (image: string) => (await run(["docker", "image", "inspect", image])).code === 0;

/** Where apt gets its packages on this machine: the file system of a lab host must know the same places. */
async function aptMirror(): Promise<string> {
  const format = "$(REPO_URI) $(CODENAME)";
  const targets = await must(["apt-get", "indextargets", "--format", format, "Created-By: Packages"]);
  const codename = await hostCodename();
  const line = targets.split("\n").find((target) => target.endsWith(` ${codename}`));
  if (!line) throw new Error(`apt knows no mirror for ${codename}: run apt-get update, then try again`);
  return line.split(" ")[0] ?? "";
}

async function hostCodename(): Promise<string> {
  const release = await readFile("/etc/os-release", "utf8");
  if (!/^ID=debian$/m.test(release)) {
    throw new Error(
      "no image registry answers and this machine is not Debian: pull debian:12 once, or use Debian",
    );
  }
  return /^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1] ?? "bookworm";
}

/** Debian's smallest system from this machine's own mirror, with this machine's apt configuration. */
async function debootstrap(tag: string, say: Say): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "convocate-base-"));
  try {
    const root = join(folder, "root");
    say("no image registry answers: building the base with debootstrap");
    await must(["debootstrap", "--variant=minbase", await hostCodename(), root, await aptMirror()]);
    await rm(join(root, "etc/apt/sources.list"));
    // Of the configuration, only what it takes to reach the mirror: the rest is this machine's taste.
    const reach = await run([
      "grep",
      "-rlE",
      "^Acquire::(Check|Retries|https?|ForceIPv)",
      "/etc/apt/apt.conf.d",
    ]);
    const sources = ["/etc/apt/sources.list", "/etc/apt/sources.list.d"];
    for (const path of [...sources, ...reach.stdout.trim().split("\n")]) {
      if (existsSync(path)) await cp(path, join(root, path), { recursive: true });
    }
    await must(["sh", "-c", `rm -f "$1"/var/cache/apt/archives/*.deb`, "sh", root]);
    await must(["sh", "-c", `tar -C "$1" -c . | docker import - "$2" >/dev/null`, "sh", root, tag]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Raised when what makes the base changes: an engine that holds an older one makes it anew. */
const baseTag = "convocate-base:debian-2";

/** A bare Debian system as an image; made once, by the registry where one answers. Returns its reference. */
export async function ensureBase(say: Say): Promise<string> {
  if (await exists(baseTag)) return baseTag;
  const pulled = await run(["docker", "pull", "-q", "debian:12"], { timeoutMs: 120_000 });
  if (pulled.code === 0) await must(["docker", "tag", "debian:12", baseTag]);
  else await debootstrap(baseTag, say);
  return baseTag;
}

/** systemd wants to write its cgroups: where the engine mounts them read-only, they are remounted first. */
const init = `#!/bin/sh
awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/mounts | while read -r mount; do mount -o remount,bind,rw "$mount" || true; done
exec /sbin/init
`;

const vanilla = (from: string) => `FROM ${from}
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \\
      systemd systemd-sysv dbus openssh-server sudo iproute2 iputils-ping procps ca-certificates apt-utils \\
      netbase less locales kmod && rm -rf /var/cache/apt/archives/*.deb /etc/ssh/ssh_host_* /usr/sbin/policy-rc.d \\
      /etc/apt/apt.conf.d/docker-* && \\
    useradd --create-home --shell /bin/bash admin && \\
    echo 'admin ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/admin && install -d -o admin -g admin -m 700 /home/admin/.ssh && \\
    systemctl set-default multi-user.target && systemctl mask systemd-logind.service getty.target console-getty.service
COPY init /sbin/lab-init
STOPSIGNAL SIGRTMIN+3
CMD ["/sbin/lab-init"]
`;

/** Already downloaded, not installed: provisioning does the same work, and fetches the package lists alone. */
const warm = (from: string) => `FROM ${from}
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends --download-only \\
      ${Object.values(packages).flat().join(" ")}
`;

const installed = (from: string) => `FROM ${from}
RUN DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ${Object.values(packages).flat().join(" ")} && \\
    install -d /var/lib/convocate-provision && touch /var/lib/convocate-provision/upgraded
`;

async function build(tag: string, dockerfile: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "convocate-image-"));
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "Dockerfile"), dockerfile);
    await writeFile(join(folder, "init"), init, { mode: 0o755 });
    await must(["docker", "build", "-q", "-t", tag, folder]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The image of a lab host; its tag is a hash of the recipe, so that a changed recipe is built anew. */
export async function ensureHostImage(base: Base, say: Say): Promise<string> {
  const plain = vanilla(await ensureBase(say));
  const plainTag = `convocate-lab:vanilla-${hash(plain + init)}`;
  if (!(await exists(plainTag))) {
    say("building the vanilla host image");
    await build(plainTag, plain);
  }
  if (base === "vanilla") return plainTag;
  const filled = warm(plainTag);
  const warmTag = `convocate-lab:warm-${hash(filled)}`;
  if (!(await exists(warmTag))) {
    say("building the warm host image");
    await build(warmTag, filled);
  }
  if (base === "warm") return warmTag;
  const complete = installed(warmTag);
  const installedTag = `convocate-lab:installed-${hash(complete)}`;
  if (!(await exists(installedTag))) {
    say("building the installed host image");
    await build(installedTag, complete);
  }
  return installedTag;
}
