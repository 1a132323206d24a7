import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { blobFile, blobSchema, packBlob } from "../image/blob.ts";
import { fetchPackage } from "./npm.ts";

/** Where the Claude CLI comes from: a version of npm's native package, or a file of this machine. */
export const sourceSchema = z.union([
  z.strictObject({ version: z.string() }),
  z.strictObject({ path: z.string(), sha256: z.string().optional() }),
]);
export type Source = z.infer<typeof sourceSchema>;

/** A program that is ready to travel: the blob lies in the folder it was prepared in. */
const cliSchema = z.object({
  /** Of its folder on a host. */
  name: z.string().regex(/^[0-9A-Za-z][0-9A-Za-z.+-]*$/),
  blob: blobSchema,
});
export type Cli = z.infer<typeof cliSchema>;

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/** What was prepared before, if its blob is still there; the blob itself is checked when it is sent. */
async function prepared(folder: string, note: string): Promise<Cli | null> {
  const text = await readFile(join(folder, note), "utf8").catch(() => null);
  if (text === null) return null;
  const cli = cliSchema.parse(JSON.parse(text));
  const there = await stat(blobFile(folder, cli.blob)).then(Boolean, () => false);
  return there ? cli : null;
}

async function keep(folder: string, note: string, cli: Cli): Promise<Cli> {
  await writeFile(join(folder, `${note}.${String(process.pid)}`), JSON.stringify(cli));
  await rename(join(folder, `${note}.${String(process.pid)}`), join(folder, note));
  return cli;
}

/** Packs a program into `folder`, unless that was done before. A version is fetched first. */
export async function prepare(source: Source, folder: string): Promise<Cli> {
  await mkdir(folder, { recursive: true });
  if ("version" in source) {
    const { version } = source;
    const note = `${version}-${process.arch}.json`;
    const before = await prepared(folder, note);
    return before ?? keep(folder, note, { name: version, blob: await fetchPackage(version, folder) });
  }
  const sha256 = await sha256Of(source.path).catch((error: unknown) => {
    throw new Error(`convocate:claude.path: got ${source.path}: ${String(error)}: name the program's file`);
  });
  const note = `${sha256}.json`;
  const before = await prepared(folder, note);
  if (before) return before;
  const blob = await packBlob(createReadStream(source.path), folder);
  return keep(folder, note, { name: sha256.slice(0, 12), blob });
}
