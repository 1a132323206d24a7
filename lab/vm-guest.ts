import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { ensureHostImage } from "./base.ts";
import { must } from "./command.ts";
import type { Say } from "./engine.ts";

/** What a cloud image has besides the packages of a lab host, which are installed: emulation would take long for them. */
const dockerfile = (from: string) => `FROM ${from}
RUN echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/lab && \\
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends linux-image-cloud-amd64 cloud-init \\
      python3-cffi-backend cloud-guest-utils systemd-resolved udev netplan.io e2fsprogs fdisk grub-common grub-pc-bin qemu-utils && \\
    systemctl enable systemd-networkd systemd-resolved && \\
    systemctl unmask systemd-logind.service getty.target console-getty.service && \\
    rm -f /etc/dpkg/dpkg.cfg.d/lab /etc/sudoers.d/admin && userdel -r admin
`;

const builder = readFileSync(join(import.meta.dirname, "vm-guest.sh"), "utf8");
const hash = (text: string) => createHash("sha256").update(text).digest("hex");

/** An operating system's image for machines, as a file, with its SHA-256. */
export interface GuestImage {
  file: string;
  sha256: string;
}

/** A cloud image of Debian that is made here, from this machine's packages; kept in `folder` under the hash of its recipe. */
export async function ensureGuestImage(folder: string, say: Say): Promise<GuestImage> {
  const recipe = dockerfile(await ensureHostImage("installed", say));
  const id = hash(recipe + builder).slice(0, 12);
  const out = join(folder, `guest-${id}`);
  const file = join(out, "guest.qcow2");
  if (!existsSync(file)) {
    say("building the machine's image");
    await mkdir(out, { recursive: true });
    await build(`convocate-lab:guest-${id}`, recipe, out);
  }
  const sum = createHash("sha256");
  await pipeline(createReadStream(file), sum);
  return { file, sha256: sum.digest("hex") };
}

async function build(tag: string, recipe: string, out: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "convocate-guest-"));
  try {
    await writeFile(join(folder, "Dockerfile"), recipe);
    await must(["docker", "build", "-q", "-t", tag, folder]);
    await writeFile(join(folder, "build.sh"), builder);
    const script = `set -e
      id=$(docker create "$1"); trap 'docker rm -f "$id" >/dev/null' EXIT
      docker export "$id" | docker run --rm -i -v "$2/build.sh:/build.sh:ro" -v "$3:/out" "$1" bash /build.sh`;
    await must(["bash", "-o", "pipefail", "-c", script, "sh", tag, folder, out]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
