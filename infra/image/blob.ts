import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createZstdCompress } from "node:zlib";
import { z } from "zod";

const sha256Text = z.string().regex(/^[0-9a-f]{64}$/);

/** A content, and the compressed file of it that travels. */
export const blobSchema = z.object({
  /** Of the content. */
  sha256: sha256Text,
  /** Bytes of the content. */
  size: z.int().nonnegative(),
  /** Of the zstd file, which is called `<sha256>.zst`. */
  packed: z.object({ sha256: sha256Text, bytes: z.int().positive() }),
});
export type Blob = z.infer<typeof blobSchema>;

/** Passes everything on, and knows its SHA-256 and length afterwards. */
class Meter extends Transform {
  readonly #hash = createHash("sha256");
  bytes = 0;

  override _transform(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error: null, chunk: Buffer) => void,
  ): void {
    this.#hash.update(chunk);
    this.bytes += chunk.length;
    done(null, chunk);
  }

  sha256(): string {
    return this.#hash.digest("hex");
  }
}

export const blobFile = (folder: string, { packed }: Blob): string => join(folder, `${packed.sha256}.zst`);

/** Compresses a content, after `unpack` if it comes compressed, into a folder of blobs. The file appears when it is whole. */
export async function packBlob(
  content: AsyncIterable<Buffer>,
  folder: string,
  unpack: Transform = new PassThrough(),
): Promise<Blob> {
  await mkdir(folder, { recursive: true });
  const work = join(folder, `.new-${randomUUID()}`);
  const [plain, packed] = [new Meter(), new Meter()];
  try {
    await pipeline(content, unpack, plain, createZstdCompress(), packed, createWriteStream(work));
    const blob = {
      sha256: plain.sha256(),
      size: plain.bytes,
      packed: { sha256: packed.sha256(), bytes: packed.bytes },
    };
    await rename(work, blobFile(folder, blob));
    return blob;
  } finally {
    await rm(work, { force: true });
  }
}

/** Throws unless the compressed file of a blob is what it was when it was made. */
export async function checkBlob(folder: string, blob: Blob): Promise<void> {
  const meter = new Meter();
  await pipeline(createReadStream(blobFile(folder, blob)), meter, new PassThrough().resume());
  if (meter.sha256() !== blob.packed.sha256)
    throw new Error(`${blobFile(folder, blob)} is damaged: remove it, and build again`);
}
