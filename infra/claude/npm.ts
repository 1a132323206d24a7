import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { z } from "zod";
import { packBlob, type Blob } from "../image/blob.ts";

/** The package that holds the program itself, for glibc; `@anthropic-ai/claude-code` only chooses among such. */
const packageName = `@anthropic-ai/claude-code-linux-${process.arch}`;
const program = "package/claude";

function npm(command: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    const out = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => (out.stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (out.stderr += chunk.toString()));
    child.on("error", (error) => reject(new Error(`npm: ${error.message}: install npm on this machine`)));
    child.on("close", (code) => {
      if (code === 0) resolve(out.stdout);
      else reject(new Error(`\`npm ${args.join(" ")}\`: ${out.stderr.trim().slice(-600)}`));
    });
  });
}

/** What the registry says a version's archive is: `sha512-<base64>` (Subresource Integrity). */
async function integrityOf(version: string, command: string): Promise<string> {
  const asked = ["view", `${packageName}@${version}`, "dist.integrity", "--json"];
  const said = await npm(command, asked).catch((error: unknown) => {
    const remedy = `choose one that \`npm view ${packageName} versions\` lists, or name a file by \`path\``;
    throw new Error(`convocate:claude.version: got ${version}, which npm does not give: ${remedy}`, {
      cause: error,
    });
  });
  return z
    .string()
    .regex(/^sha512-/)
    .parse(JSON.parse(said));
}

async function packProgram(archive: string, folder: string): Promise<Blob | null> {
  const entries = extract();
  const read = async () => {
    let blob: Blob | null = null;
    for await (const entry of entries) {
      if (entry.header.name === program) blob = await packBlob(Readable.from(entry), folder);
      else entry.resume();
    }
    return blob;
  };
  const [, blob] = await Promise.all([pipeline(createReadStream(archive), createGunzip(), entries), read()]);
  return blob;
}

/** Fetches the program of a version, for this machine's architecture, into a folder of blobs. Throws when it is not what the registry says. */
export async function fetchPackage(version: string, folder: string, command = "npm"): Promise<Blob> {
  const integrity = await integrityOf(version, command);
  const work = await mkdtemp(join(folder, ".fetch-"));
  try {
    await npm(command, ["pack", `${packageName}@${version}`, "--pack-destination", work]);
    const archive = join(work, (await readdir(work))[0] ?? "");
    const hash = createHash("sha512");
    await pipeline(createReadStream(archive), hash);
    if (`sha512-${hash.digest("base64")}` !== integrity)
      throw new Error(`${packageName} ${version} is not what the registry says it is: try again`);
    const blob = await packProgram(archive, folder);
    if (!blob) throw new Error(`${packageName} ${version} holds no ${program}: choose another version`);
    return blob;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
