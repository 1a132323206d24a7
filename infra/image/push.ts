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
import { Client, type ClientChannel } from "ssh2";
import { z } from "zod";
import { parsePublicKey, sameKey } from "../../protocol/keys.ts";

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
type Input = z.infer<typeof input>;

function connect({ host, port, user, hostKey, privateKey }: Input): Promise<Client> {
  const pin = parsePublicKey(hostKey);
  if (!pin) throw new Error(`host key of ${host}: not a public key line`);
  const client = new Client();
  return new Promise((resolve, reject) => {
    client.on("ready", () => resolve(client));
    client.on("error", (error) => reject(new Error(`${host}: ${error.message}`)));
    client.connect({
      host,
      port,
      username: user,
      ...(privateKey === undefined ? { agent: process.env["SSH_AUTH_SOCK"] ?? "" } : { privateKey }),
      algorithms: { serverHostKey: ["ssh-ed25519"] },
      hostVerifier: (shown: Buffer) => sameKey(shown, pin.blob),
    });
  });
}

/** Runs a script as root on the agent, with `feed` as its input; its output, or an error with what it said. */
function run(
  client: Client,
  script: string,
  feed?: (channel: ClientChannel) => Promise<void>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    client.exec(`sudo -n bash -c '${script.replaceAll("'", `'\\''`)}'`, (error, channel) => {
      if (error) return reject(error);
      const outputs = Promise.all([text(channel), text(channel.stderr)]);
      let status: number | null = null;
      channel.on("exit", (code: number | null) => (status = code));
      channel.on("close", () => {
        void outputs.then(([stdout, stderr]) => {
          if (status === 0) resolve(stdout.trim());
          else
            reject(
              new Error(
                `delivering the image failed with status ${String(status)}: ${stderr.trim().slice(-1000)}`,
              ),
            );
        });
      });
      if (feed) feed(channel).catch(reject);
      else channel.end();
    });
  });
}

/** The image as a compressed archive in `dist/`, made once for all agents; its path and SHA-256. */
async function archive({ reference, id }: Input["image"]): Promise<{ path: string; sha256: string }> {
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
const client = await connect(wanted);
try {
  const there = await run(client, `docker image inspect --format "{{.Id}}" ${reference} 2>/dev/null || true`);
  if (there !== id) {
    const { path, sha256 } = await archive(wanted.image);
    await run(client, load(reference, id, sha256), (channel) => pipeline(createReadStream(path), channel));
  }
  await run(client, stamp(reference));
  console.log(JSON.stringify({ image: reference, id }));
} finally {
  client.end();
}
