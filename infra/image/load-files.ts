import { createHash } from "node:crypto";
import type { ImageRecord } from "./archive.ts";

const digestOf = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;
const blobPath = (digest: string) => `blobs/${digest.replace(":", "/")}`;
const oci = (what: string) => `application/vnd.oci.image.${what}+json`;

/** The folder that `docker load` takes as an archive, without the layers: those belong at `blobs/sha256/<diff id>`. */
export interface LoadFiles {
  /** Text by path. */
  files: Record<string, string>;
  /** What an engine may call the image, according to its store. */
  ids: string[];
}

/**
 * An archive in both forms at once: `manifest.json`, which Docker's own store reads and which needs no layer whose chain is
 * there already, and an OCI layout, where the store of containerd finds what it has by digest (untested there).
 */
export function loadFiles(record: ImageRecord, reference: string): LoadFiles {
  const { id, config, layers } = record;
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: oci("manifest.v1"),
    config: { mediaType: oci("config.v1"), digest: id, size: Buffer.byteLength(config) },
    layers: layers.map(({ sha256, size }) => ({
      mediaType: "application/vnd.oci.image.layer.v1.tar",
      digest: `sha256:${sha256}`,
      size,
    })),
  });
  const digest = digestOf(manifest);
  const descriptor = {
    mediaType: oci("manifest.v1"),
    digest,
    size: Buffer.byteLength(manifest),
    annotations: {
      "io.containerd.image.name": `docker.io/library/${reference}`,
      "org.opencontainers.image.ref.name": reference.replace(/^.*:/, ""),
    },
  };
  const paths = layers.map(({ sha256 }) => blobPath(`sha256:${sha256}`));
  return {
    files: {
      "manifest.json": JSON.stringify([{ Config: blobPath(id), RepoTags: [reference], Layers: paths }]),
      "oci-layout": JSON.stringify({ imageLayoutVersion: "1.0.0" }),
      "index.json": JSON.stringify({
        schemaVersion: 2,
        mediaType: oci("index.v1"),
        manifests: [descriptor],
      }),
      [blobPath(id)]: config,
      [blobPath(digest)]: manifest,
    },
    ids: [id, digest],
  };
}
