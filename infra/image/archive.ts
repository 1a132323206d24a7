import { createHash } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { z } from "zod";
import { blobSchema, packBlob, type Blob } from "./blob.ts";

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/** An image in parts. Its layers are blobs in the same folder. */
const recordSchema = z.object({
  /** Digest of the configuration: the image's id in an engine with Docker's own store of images. */
  id: digest,
  /** As Go calls it: amd64, arm64. */
  architecture: z.string(),
  /** The configuration's text, byte for byte. */
  config: z.string(),
  /** From the base up. A blob's SHA-256 is the layer's diff id (OCI image specification, config.md). */
  layers: z.array(blobSchema),
});
export type ImageRecord = z.infer<typeof recordSchema>;

const manifestSchema = z.tuple([z.object({ Config: z.string(), Layers: z.array(z.string()) })]);
const configSchema = z.object({ architecture: z.string(), rootfs: z.object({ diff_ids: z.array(digest) }) });

/** Manifest and configuration are smaller. What is larger is a layer, and not kept in memory. */
const smallBytes = 1_000_000;

/** Layers are plain archives up to Docker 24; an engine with the image store of containerd saves them as they came, compressed. */
async function packLayer(content: Readable, folder: string): Promise<Blob> {
  const chunks: AsyncIterator<Buffer> = content[Symbol.asyncIterator]();
  const first = await chunks.next();
  async function* whole(): AsyncGenerator<Buffer> {
    for (let next = first; !next.done; next = await chunks.next()) yield next.value;
  }
  const gzipped = !first.done && first.value.readUInt16BE(0) === 0x1f8b;
  return gzipped ? packBlob(whole(), folder, createGunzip()) : packBlob(whole(), folder);
}

/** What is in an archive of `docker save`, by path. */
interface Parts {
  small: Map<string, Buffer>;
  large: Map<string, Blob>;
  links: Map<string, string>;
}

async function readParts(archive: Readable, folder: string): Promise<Parts> {
  const parts: Parts = { small: new Map(), large: new Map(), links: new Map() };
  const entries = extract();
  const read = async () => {
    for await (const entry of entries) {
      const { name, type, linkname, size = 0 } = entry.header;
      // A layer that an image has twice is a link to the first.
      if (type === "symlink") parts.links.set(name, posix.join(posix.dirname(name), linkname ?? ""));
      if (type !== "file") entry.resume();
      else if (size < smallBytes) parts.small.set(name, await buffer(Readable.from(entry)));
      else parts.large.set(name, await packLayer(Readable.from(entry), folder));
    }
  };
  await Promise.all([pipeline(archive, entries), read()]);
  return parts;
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const recordFile = (folder: string, id: string) => join(folder, `${id.slice(7)}.json`);

/**
 * Takes what `docker save` writes for one image apart, into a folder of blobs and a record. Throws when a layer is not what
 * the image's configuration says.
 */
export async function splitArchive(archive: Readable, folder: string): Promise<ImageRecord> {
  const { small, large, links } = await readParts(archive, folder);
  const file = (name: string) => small.get(links.get(name) ?? name);
  const json = (name: string): unknown => JSON.parse(file(name)?.toString() ?? "null");
  if (!small.has("manifest.json"))
    throw new Error("`docker save` wrote no whole image on this machine: build the image again");
  const [{ Config, Layers }] = manifestSchema.parse(json("manifest.json"));
  const { architecture, rootfs } = configSchema.parse(json(Config));
  const layers: Blob[] = [];
  for (const [number, name] of Layers.entries()) {
    const bytes = file(name);
    const blob = bytes ? await packLayer(Readable.from([bytes]), folder) : large.get(links.get(name) ?? name);
    const expected = rootfs.diff_ids[number];
    if (!blob || `sha256:${blob.sha256}` !== expected)
      throw new Error(`layer ${String(expected)} of the image is not in its archive: build the image again`);
    layers.push(blob);
  }
  const config = file(Config)?.toString() ?? "";
  const record = { id: `sha256:${sha256(config)}`, architecture, config, layers };
  const target = recordFile(folder, record.id);
  await writeFile(`${target}.${String(process.pid)}`, JSON.stringify(record));
  await rename(`${target}.${String(process.pid)}`, target);
  return record;
}

/** The record that `splitArchive` left. Throws with the remedy when there is none. */
export async function readRecord(folder: string, id: string): Promise<ImageRecord> {
  const text = await readFile(recordFile(folder, id), "utf8").catch(() => null);
  if (text === null)
    throw new Error(`${recordFile(folder, id)} is missing: build the image again (node infra/image/main.ts)`);
  return recordSchema.parse(JSON.parse(text));
}
