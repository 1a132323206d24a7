import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { readRecord } from "./archive.ts";
import { blobFile } from "./blob.ts";
import type { Image, ImageKind } from "./build.ts";

const imageSchema = z.object({ reference: z.string(), id: z.string() });
const imagesSchema = z.partialRecord(z.enum(["slim", "full"]), imageSchema);

/** Notes in `dist/image.json`, where the Pulumi program finds it, which image was built; the other kind stays as it is. */
export async function noteImage(dist: string, kind: ImageKind, image: Image): Promise<void> {
  const file = join(dist, "image.json");
  const text = await readFile(file, "utf8").catch(() => "{}");
  const noted = imagesSchema.parse(JSON.parse(text));
  const images = { ...noted, [kind]: image };
  await mkdir(dist, { recursive: true });
  await writeFile(`${file}.new`, `${JSON.stringify(images, null, 2)}\n`);
  await rename(`${file}.new`, file);
  await prune(join(dist, "images"), [image, ...Object.values(noted)]);
}

/** Removes what no noted image is made of. */
async function prune(folder: string, images: readonly Image[]): Promise<void> {
  const records = await Promise.all(images.map(({ id }) => readRecord(folder, id).catch(() => null)));
  const kept = new Set(
    records.flatMap((record) =>
      record
        ? [`${record.id.slice(7)}.json`, ...record.layers.map((blob) => basename(blobFile("", blob)))]
        : [],
    ),
  );
  for (const name of await readdir(folder))
    // What a build beside this one is writing has another name yet.
    if (!kept.has(name) && /^[0-9a-f]{64}\.(json|zst|tar\.gz)$/.test(name)) await rm(join(folder, name));
}
