import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

export interface Image {
  /** `convocate:<hash of what it is made of>` */
  reference: string;
  /** The engine's id, `sha256:…`. */
  id: string;
}

const sources = ["Dockerfile", "entrypoint.sh", "session.sh", "tmux.conf"];

function docker(args: string[], say: (line: string) => void): Promise<{ code: number; stdout: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn("docker", args, { stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => say(chunk.toString().trimEnd()));
    child.on("error", (error) =>
      reject(new Error(`docker: ${error.message}: install Docker on this machine`)),
    );
    child.on("close", (code) => resolve({ code: code ?? 1, stdout: stdout.trim() }));
  });
}

/**
 * Builds the slim session image on this machine's engine. Its tag is a hash of its sources and base, so that nothing is
 * built that is there already.
 */
export async function buildImage(base: string, say: (line: string) => void): Promise<Image> {
  const quiet = () => undefined;
  const baseId = await docker(["image", "inspect", "--format", "{{.Id}}", base], quiet);
  const hash = createHash("sha256").update(baseId.code === 0 ? baseId.stdout : base);
  for (const file of sources) hash.update(await readFile(join(import.meta.dirname, file)));
  const reference = `convocate:slim-${hash.digest("hex").slice(0, 12)}`;
  const inspect = ["image", "inspect", "--format", "{{.Id}}", reference];
  const there = await docker(inspect, quiet);
  if (there.code === 0) return { reference, id: there.stdout };
  say(`building ${reference} on ${base}`);
  const args = [
    "build",
    "-q",
    "--target",
    "slim",
    "--build-arg",
    `BASE=${base}`,
    "-t",
    reference,
    import.meta.dirname,
  ];
  const built = await docker(args, say);
  if (built.code !== 0) throw new Error(`building the session image on ${base} failed`);
  return { reference, id: (await docker(inspect, say)).stdout };
}
