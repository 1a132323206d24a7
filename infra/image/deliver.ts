import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { pack } from "tar-stream";
import type { ImageRecord } from "./archive.ts";
import type { Blob } from "./blob.ts";
import { loadFiles, type LoadFiles } from "./load-files.ts";
import { sendBlob, unpackFunction } from "./send-blob.ts";
import { ScriptFailed, type Run } from "../ssh/connect.ts";
import { layersFolder, layersThere, parseSurvey, surveyScript, type Survey } from "./survey.ts";

/** What the engine is given lies there uncompressed, once in our folder, once in its own, and once as layers. */
const copies = 3;

function refuseMisfit(record: ImageRecord, survey: Survey, missing: readonly Blob[]): void {
  if (survey.architecture !== record.architecture)
    throw new Error(
      `the host is ${survey.architecture} and the image is for ${record.architecture}: build it on a machine like the host`,
    );
  const needed = missing.reduce((sum, { size, packed }) => sum + copies * size + packed.bytes, 0);
  if (needed > survey.freeBytes) {
    const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
    throw new Error(
      `the image needs ${gigabytes(needed)} of disk below /var/lib/docker, ${gigabytes(survey.freeBytes)} are free: free some`,
    );
  }
}

/** The engine does not take an archive: other ways of failing have other ends. */
const notTaken = 65;

/** A loading whose engine was killed goes on to its end: the next one waits for it. */
const loadScript = (reference: string, layers: readonly Blob[]) => `set -euo pipefail
cd ${layersFolder}
exec 9>.loading
flock 9
${unpackFunction}
rm -rf load; mkdir load; trap 'rm -rf ${layersFolder}/load' EXIT
tar -xz -C load
${layers.map(({ packed, sha256 }) => `unpack ${packed.sha256} ${sha256} load/blobs/sha256/${sha256}`).join("\n")}
tar -C load -c . | docker load --quiet >&2 || exit ${String(notTaken)}
docker image inspect --format '{{.Id}}' ${reference}`;

/** Has the engine take the layers that were sent; it checks each against the image's configuration, and has the image whole or not at all. */
async function load(
  run: Run,
  reference: string,
  { files, ids }: LoadFiles,
  layers: readonly Blob[],
): Promise<void> {
  const archive = pack();
  for (const [name, text] of Object.entries(files)) archive.entry({ name }, text);
  archive.finalize();
  const id = await run({
    title: `loading ${reference}`,
    script: loadScript(reference, layers),
    feed: (input) => pipeline(archive, createGzip(), input),
  });
  if (!ids.includes(id))
    throw new Error(`loading ${reference}: the engine has it as ${id}, not as ${ids.join(" or ")}`);
}

/** The name is stamped last, and the one before it kept for a way back. Nothing of the delivery is left. */
const stampScript = (reference: string) => `set -eu
etc=/etc/convocate-agent
install -d -o root -g convocate -m 750 $etc
put() { echo "$2" >"$etc/.$1"; chmod 644 "$etc/.$1"; sync "$etc/.$1"; mv -f "$etc/.$1" "$etc/$1"; }
old=$(cat $etc/current-image 2>/dev/null || true)
if [ "$old" != ${reference} ]; then
  [ -z "$old" ] || put previous-image "$old"
  put current-image ${reference}
fi
rm -rf ${layersFolder}`;

export interface Delivery {
  reference: string;
  record: ImageRecord;
  /** Folder of its blobs on this machine. */
  blobs: string;
}

/** What it took. */
export interface Delivered {
  /** Layers that were missing, and the bytes that were sent of them. */
  layers: number;
  sent: number;
}

/** Brings an image to a host, as far as it lacks it, and makes it the current one. A rerun goes on where it was interrupted. */
export async function deliverImage(run: Run, { reference, record, blobs }: Delivery): Promise<Delivered> {
  const text = await run({
    title: "asking for the images there",
    script: surveyScript(reference),
  });
  const survey = parseSurvey(text);
  const wanted = loadFiles(record, reference);
  const bring = async (there: number): Promise<Delivered> => {
    const missing = record.layers.slice(there);
    refuseMisfit(record, survey, missing);
    let sent = 0;
    for (const blob of missing)
      sent += await sendBlob(run, { from: blobs, blob, to: layersFolder, leftovers: survey.leftovers });
    await load(run, reference, wanted, missing);
    return { layers: missing.length, sent };
  };
  const bringAll = async (): Promise<Delivered> => {
    const layers = record.layers.map(({ sha256 }) => sha256);
    const there = layersThere(layers, survey.images);
    try {
      return await bring(there);
    } catch (error) {
      // An engine that knows its layers by other names (the store of containerd, of images that were pulled) gets all of them.
      if (there === 0 || !(error instanceof ScriptFailed) || error.status !== notTaken) throw error;
      return bring(0);
    }
  };
  const there = survey.id !== null && wanted.ids.includes(survey.id);
  const delivered = there ? { layers: 0, sent: 0 } : await bringAll();
  await run({ title: `stamping ${reference}`, script: stampScript(reference) });
  return delivered;
}
