/**
 * Sends the session image to an agent host over SSH, unless it is there, and makes it the current one. Input: JSON on
 * standard input. The archive's SHA-256 is compared at the far end before anything is loaded, and the image's id after.
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { connect, runAsRoot } from "./ssh.ts";

const input = z.object({
  host: z.string(),
  port: z.number(),
  user: z.string(),
  hostKey: z.string(),
  privateKey: z.string().optional(),
  image: z.object({
    reference: z.string().regex(/^[a-z0-9./:_-]+$/),
    id: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  }),
});
type Image = z.infer<typeof input>["image"];

/** The image as a compressed archive in `dist/`, made once for all agents; its path and SHA-256. */
async function archive({ reference, id }: Image): Promise<{ path: string; sha256: string }> {
  const folder = join(import.meta.dirname, "../../dist/images");
  const path = join(folder, `${id.slice(7)}.tar.gz`);
  if (!existsSync(path)) {
    await mkdir(folder, { recursive: true });
    const work = `${path}.${String(process.pid)}`;
    const save = spawn(
      "bash",
      ["-c", 'set -o pipefail; docker save "$1" | gzip -1 > "$2"', "save", reference, work],
      { stdio: "inherit" },
    );
    const code = await new Promise((resolve) => save.on("close", resolve));
    if (code !== 0) {
      await rm(work, { force: true });
      throw new Error(
        `\`docker save ${reference}\` failed on this machine: build the image again (node infra/image/main.ts)`,
      );
    }
    await rename(work, path);
  }
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return { path, sha256: hash.digest("hex") };
}

const load = (reference: string, id: string, sha256: string) => `set -euo pipefail
file=$(mktemp /var/lib/docker/convocate-image.XXXXXX); trap "rm -f \\"$file\\"" EXIT
cat > "$file"
echo "${sha256}  $file" | sha256sum --check --quiet
docker load --quiet --input "$file" >&2
[ "$(docker image inspect --format "{{.Id}}" ${reference})" = ${id} ]`;

/** The tag is stamped last: a session never starts from an image that is not whole. */
const stamp = (reference: string) => `set -eu
install -d -o root -g convocate -m 750 /etc/convocate-agent
echo ${reference} > /etc/convocate-agent/.current-image
chmod 644 /etc/convocate-agent/.current-image
mv -f /etc/convocate-agent/.current-image /etc/convocate-agent/current-image`;

const wanted = input.parse(JSON.parse(await text(process.stdin)));
const { reference, id } = wanted.image;
const client = await connect(wanted, process.env["SSH_AUTH_SOCK"] ?? "");
try {
  const there = await runAsRoot(
    client,
    `docker image inspect --format "{{.Id}}" ${reference} 2>/dev/null || true`,
  );
  if (there !== id) {
    const { path, sha256 } = await archive(wanted.image);
    await runAsRoot(client, load(reference, id, sha256), (channel) =>
      pipeline(createReadStream(path), channel),
    );
  }
  await runAsRoot(client, stamp(reference));
  console.log(JSON.stringify({ image: reference, id }));
} finally {
  client.end();
}
