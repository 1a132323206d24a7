import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { blobFile, checkBlob, type Blob } from "./blob.ts";
import type { Run } from "../ssh/connect.ts";

/** Bytes by file name, of what an earlier delivery left in a host's folder of blobs. */
export type Leftovers = ReadonlyMap<string, number>;

/** Prints a folder's files and their sizes, for `leftoversOf`. Makes the folder where it is missing. */
export const listLeftovers = (folder: string) =>
  `install -d -m 700 ${folder}; find ${folder} -maxdepth 1 -type f -printf '%f %s\\n'`;

export const leftoversOf = (lines: readonly string[]): Leftovers =>
  new Map(lines.map((line) => line.split(" ")).map(([name = "", size]) => [name, Number(size)]));

/**
 * What arrives is written at its place in the file, not at its end: a connection that was given up may still have something to
 * write, and writes the same. Only what is whole and right gets the name by which it is used.
 */
const receive = (folder: string, { packed }: Blob, offset: number) => `set -euo pipefail
cd ${folder}
partial=${packed.sha256}.partial
dd of="$partial" bs=64k oflag=seek_bytes seek=${String(offset)} conv=notrunc status=none
[ "$(stat -c %s "$partial")" -ge ${String(packed.bytes)} ] || { echo "only a part arrived: run \\"pulumi up\\" again, it goes on from there" >&2; exit 1; }
if ! echo "${packed.sha256}  $partial" | sha256sum --check --status; then
  rm -f "$partial"
  echo "it arrived damaged and was removed: run \\"pulumi up\\" again" >&2
  exit 1
fi
mv -f "$partial" ${packed.sha256}.zst`;

/** A shell function `unpack PACKED CONTENT TARGET`: the content of a blob, by their SHA-256; a blob that is not right is removed. */
export const unpackFunction = `unpack() {
  local node
  node=$(ls -t /usr/local/lib/convocate/runtime-*/bin/node | head -n 1)
  "$node" -e 'require("node:stream").pipeline(process.stdin, require("node:zlib").createZstdDecompress(), process.stdout,
    (error) => { if (error) { console.error(String(error)); process.exitCode = 1; } })' <"$1.zst" >"$3" &&
    echo "$2  $3" | sha256sum --check --status && return
  rm -f "$1.zst"
  echo "$1 is damaged or does not fit on the disk, and was removed: run \\"pulumi up\\" again" >&2
  return 1
}`;

export interface Sending {
  /** Where the blob's file is on this machine. */
  from: string;
  blob: Blob;
  /** Folder on the host. */
  to: string;
  leftovers: Leftovers;
}

/** Brings a blob into a host's folder, from where an earlier attempt ended; how many bytes it took. */
export async function sendBlob(run: Run, { from, blob, to, leftovers }: Sending): Promise<number> {
  const { sha256, bytes } = blob.packed;
  if (leftovers.get(`${sha256}.zst`) === bytes) return 0;
  const there = leftovers.get(`${sha256}.partial`) ?? 0;
  const offset = there < bytes ? there : 0;
  await checkBlob(from, blob);
  await run({
    title: `sending ${sha256.slice(0, 12)} (${(bytes / 1e6).toFixed(1)} MB)`,
    script: receive(to, blob, offset),
    feed: (input) => pipeline(createReadStream(blobFile(from, blob), { start: offset }), input),
  });
  return bytes - offset;
}
