import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync, zstdDecompressSync } from "node:zlib";
import { pack } from "tar-stream";
import { readRecord, splitArchive } from "./archive.ts";
import { blobFile, checkBlob, type Blob } from "./blob.ts";
import { loadFiles } from "./load-files.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "archive-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const sha256 = (bytes: Buffer | string) => createHash("sha256").update(bytes).digest("hex");
const [low, high] = [Buffer.alloc(3_000_000, "low"), Buffer.from("high")];
const configOf = (layers: Buffer[]) =>
  JSON.stringify({
    architecture: "amd64",
    rootfs: { type: "layers", diff_ids: layers.map((layer) => `sha256:${sha256(layer)}`) },
  });
const contents = (blobs: readonly Blob[]) =>
  blobs.map((blob) => sha256(zstdDecompressSync(readFileSync(blobFile(folder, blob)))));

/** An archive of these files; a value that begins with `->` is a link. */
function archive(files: Record<string, Buffer | string>): Readable {
  const tar = pack();
  for (const [name, what] of Object.entries(files)) {
    if (typeof what === "string" && what.startsWith("->"))
      tar.entry({ name, type: "symlink", linkname: what.slice(2) });
    else tar.entry({ name }, what);
  }
  tar.finalize();
  return Readable.from(tar);
}

const manifest = (Config: string, Layers: string[]) =>
  JSON.stringify([{ Config, RepoTags: ["convocate:1"], Layers }]);

test("takes an archive of Docker 20.10 apart: a folder per layer, a repeated one as a link, the manifest last", async () => {
  const config = configOf([low, high, low]);
  const record = await splitArchive(
    archive({
      [`${sha256(config)}.json`]: config,
      "1/VERSION": "1.0",
      "1/layer.tar": low,
      "2/layer.tar": high,
      "3/layer.tar": "->../1/layer.tar",
      "manifest.json": manifest(`${sha256(config)}.json`, ["1/layer.tar", "2/layer.tar", "3/layer.tar"]),
    }),
    folder,
  );
  expect(record).toMatchObject({ id: `sha256:${sha256(config)}`, architecture: "amd64", config });
  expect(record.layers.map(({ size }) => size)).toEqual([low.length, high.length, low.length]);
  expect(contents(record.layers)).toEqual([low, high, low].map(sha256));
  expect(await readRecord(folder, record.id)).toEqual(record);
});

test("takes an archive of newer engines apart: blobs by digest, which the store of containerd leaves compressed", async () => {
  const config = configOf([low, high]);
  const packed = gzipSync(high);
  const blob = (bytes: Buffer | string) => `blobs/sha256/${sha256(bytes)}`;
  const record = await splitArchive(
    archive({
      "oci-layout": '{"imageLayoutVersion":"1.0.0"}',
      "manifest.json": manifest(blob(config), [blob(low), blob(packed)]),
      [blob(config)]: config,
      [blob(packed)]: packed,
      [blob(low)]: low,
    }),
    folder,
  );
  expect(contents(record.layers)).toEqual([low, high].map(sha256));
});

test.each([
  ["a layer that is another", [low, Buffer.from("other")]],
  ["a large layer that is another", [Buffer.alloc(2_000_000, "x"), high]],
])("refuses %s", async (_what, [first, second]) => {
  const config = configOf([low, high]);
  const files = { "c.json": config, "1/layer.tar": first ?? "", "2/layer.tar": second ?? "" };
  const whole = { ...files, "manifest.json": manifest("c.json", ["1/layer.tar", "2/layer.tar"]) };
  await expect(splitArchive(archive(whole), folder)).rejects.toThrow(/^layer sha256:\w+ of the image is not/);
});

test("an archive that ended early is refused, and leaves nothing half", async () => {
  const broken = Readable.from([Buffer.alloc(512), Buffer.alloc(100)]);
  await expect(splitArchive(broken, folder)).rejects.toThrow();
  expect(readdirSync(folder)).toEqual([]);
});

test("an image that is not there has a remedy", async () => {
  await expect(readRecord(folder, `sha256:${"0".repeat(64)}`)).rejects.toThrow(/is missing: build the image/);
});

test("a blob that changed on this machine is noticed", async () => {
  const config = configOf([high]);
  const files = {
    "c.json": config,
    "1/layer.tar": high,
    "manifest.json": manifest("c.json", ["1/layer.tar"]),
  };
  const { layers } = await splitArchive(archive(files), folder);
  for (const blob of layers) {
    await checkBlob(folder, blob);
    const packed = { ...blob.packed, sha256: sha256("other") };
    await expect(checkBlob(folder, { ...blob, packed })).rejects.toThrow();
  }
});

test("what the engine is given names the same image in both forms", async () => {
  const config = configOf([low, high]);
  const whole = {
    "c.json": config,
    "1/layer.tar": low,
    "2/layer.tar": high,
    "manifest.json": manifest("c.json", ["1/layer.tar", "2/layer.tar"]),
  };
  const record = await splitArchive(archive(whole), folder);
  const { files, ids } = loadFiles(record, "convocate:slim-1");
  const paths = [low, high].map((layer) => `blobs/sha256/${sha256(layer)}`);
  const [id = "", digest = ""] = ids.map((text) => text.replace("sha256:", ""));
  expect(JSON.parse(files["manifest.json"] ?? "")).toEqual([
    { Config: `blobs/sha256/${id}`, RepoTags: ["convocate:slim-1"], Layers: paths },
  ]);
  expect(files[`blobs/sha256/${id}`]).toBe(config);
  expect(sha256(files[`blobs/sha256/${digest}`] ?? "")).toBe(digest);
  expect(JSON.parse(files[`blobs/sha256/${digest}`] ?? "")).toMatchObject({
    config: { digest: `sha256:${id}`, size: config.length },
    layers: [
      { digest: `sha256:${sha256(low)}`, size: low.length },
      { digest: `sha256:${sha256(high)}`, size: high.length },
    ],
  });
  expect(JSON.parse(files["index.json"] ?? "")).toMatchObject({
    manifests: [
      {
        digest: `sha256:${digest}`,
        annotations: {
          "io.containerd.image.name": "docker.io/library/convocate:slim-1",
          "org.opencontainers.image.ref.name": "slim-1",
        },
      },
    ],
  });
});
