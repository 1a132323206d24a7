import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
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

/** How many are kept on this machine: each takes more than a hundred megabytes. */
const keptCount = 3;

/** Removes all but those that were prepared last. */
async function prune(folder: string): Promise<void> {
  const notes = (await readdir(folder)).filter((name) => name.endsWith(".json"));
  const times = await Promise.all(notes.map(async (name) => (await stat(join(folder, name))).mtimeMs));
  const newest = notes
    .map((note, number) => ({ note, time: times[number] ?? 0 }))
    .sort((a, b) => b.time - a.time);
  const read = async ({ note }: { note: string }) =>
    cliSchema.parse(JSON.parse(await readFile(join(folder, note), "utf8")));
  const kept = await Promise.all(newest.slice(0, keptCount).map(read));
  const blobs = new Set(kept.map(({ blob }) => basename(blobFile(folder, blob))));
  for (const { note } of newest.slice(keptCount)) await rm(join(folder, note));
  for (const name of await readdir(folder))
    if (name.endsWith(".zst") && !blobs.has(name)) await rm(join(folder, name));
}

async function keep(folder: string, note: string, cli: Cli): Promise<Cli> {
  await writeFile(join(folder, `${note}.${String(process.pid)}`), JSON.stringify(cli));
  await rename(join(folder, `${note}.${String(process.pid)}`), join(folder, note));
  await prune(folder);
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
