import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { splitArchive, type ImageRecord } from "./archive.ts";

export interface Image {
  /** `convocate:<hash of what it is made of>` */
  reference: string;
  /** The engine's id, `sha256:…`. */
  id: string;
}

/** `slim`: what a session needs itself. `full`: with the tools people and programs work with. */
export type ImageKind = "slim" | "full";

const sources = ["Dockerfile", "entrypoint.sh", "session.sh", "transcript.pl", "tmux.conf"];

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

const packageFile = join(import.meta.dirname, "../../package.json");
const release = async () =>
  z.object({ version: z.string() }).parse(JSON.parse(await readFile(packageFile, "utf8"))).version;

/**
 * Builds a session image on this machine's engine. Its tag ends with a hash of its sources and base, so that nothing is built
 * that is there already.
 */
export async function buildImage(
  base: string,
  say: (line: string) => void,
  kind: ImageKind = "slim",
): Promise<Image> {
  const quiet = () => undefined;
  const baseId = await docker(["image", "inspect", "--format", "{{.Id}}", base], quiet);
  const hash = createHash("sha256").update(baseId.code === 0 ? baseId.stdout : base);
  for (const file of sources) hash.update(await readFile(join(import.meta.dirname, file)));
  const prefix = kind === "full" ? await release() : kind;
  const reference = `convocate:${prefix}-${hash.digest("hex").slice(0, 12)}`;
  const inspect = ["image", "inspect", "--format", "{{.Id}}", reference];
  const there = await docker(inspect, quiet);
  if (there.code === 0) return { reference, id: there.stdout };
  say(`building ${reference} on ${base}`);
  const target = ["--target", kind, "--build-arg", `BASE=${base}`];
  const built = await docker(["build", "-q", ...target, "-t", reference, import.meta.dirname], say);
  if (built.code !== 0) throw new Error(`building the ${kind} session image on ${base} failed`);
  return { reference, id: (await docker(inspect, say)).stdout };
}

/** Takes an image of this machine's engine apart, into a folder of blobs: what a delivery sends. */
export async function saveImage(reference: string, folder: string): Promise<ImageRecord> {
  const save = spawn("docker", ["save", reference], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve, reject) => {
    save.on("error", reject);
    save.on("close", resolve);
  });
  const [record, code] = await Promise.all([splitArchive(save.stdout, folder), ended]);
  if (code !== 0)
    throw new Error(`\`docker save ${reference}\` failed on this machine: build the image again`);
  return record;
}
