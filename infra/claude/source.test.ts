import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { blobFile } from "../image/blob.ts";
import { prepare } from "./source.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "claude-source-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const blobs = () => join(folder, "blobs");
const file = () => join(folder, "claude");
function prepareText(text: string) {
  writeFileSync(file(), text);
  return prepare({ path: file() }, blobs());
}

test("a file is named by its content, and packed once", async () => {
  const one = await prepareText("one");
  expect(one.name).toBe(one.blob.sha256.slice(0, 12));
  expect(zstdDecompressSync(readFileSync(blobFile(blobs(), one.blob))).toString()).toBe("one");
  utimesSync(blobFile(blobs(), one.blob), 1, 1);
  expect(await prepareText("one")).toEqual(one);
  expect(readdirSync(blobs())).toHaveLength(2);
});

test("what was packed and is lost is packed again", async () => {
  const one = await prepareText("one");
  rmSync(blobFile(blobs(), one.blob));
  expect(await prepareText("one")).toEqual(one);
  expect(readdirSync(blobs())).toHaveLength(2);
});

test("the three that were packed last are kept", async () => {
  for (const [number, text] of ["one", "two", "three", "four"].entries()) {
    const { blob } = await prepareText(text);
    utimesSync(join(blobs(), `${blob.sha256}.json`), number + 1, number + 1);
  }
  expect(readdirSync(blobs())).toHaveLength(6);
  const texts = readdirSync(blobs())
    .filter((name) => name.endsWith(".zst"))
    .map((name) => zstdDecompressSync(readFileSync(join(blobs(), name))).toString());
  expect(texts.sort()).toEqual(["four", "three", "two"]);
});

test("a file that is not there is told with the setting", async () => {
  await expect(prepare({ path: file() }, blobs())).rejects.toThrow(
    /^convocate:claude.path: got .*: name the/,
  );
});
