/** Fetching, with an npm of our own: a script that answers as npm does. */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { blobFile } from "../image/blob.ts";
import { putProgram } from "../toolchain/program.fake.ts";
import { fetchPackage } from "./npm.ts";

const folder = mkdtempSync(join(tmpdir(), "claude-npm-"));
const blobs = join(folder, "blobs");
const archive = join(folder, "package.tgz");
const npm = join(folder, "bin/npm");
const packageName = `@anthropic-ai/claude-code-linux-${process.arch}`;
afterAll(() => rmSync(folder, { recursive: true }));

/** What the registry has: a package of these files, with the integrity it says. */
function publish(files: Record<string, string>, integrity?: string): void {
  const tree = mkdtempSync(join(folder, "tree-"));
  mkdirSync(join(tree, "package"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(tree, "package", name), text);
  execFileSync("tar", ["-C", tree, "-czf", archive, "package"]);
  const sum = createHash("sha512").update(readFileSync(archive)).digest("base64");
  putProgram(
    join(folder, "bin"),
    "npm",
    `case "$1 $2" in
      "view ${packageName}@1.2.3") echo '"${integrity ?? `sha512-${sum}`}"' ;;
      "pack ${packageName}@1.2.3") cp ${archive} "$4/claude.tgz" ;;
      *) echo "npm error code E404" >&2; exit 1 ;;
    esac`,
  );
}

beforeEach(() => mkdirSync(blobs));
afterEach(() => rmSync(blobs, { recursive: true }));

test("the program of the native package is packed, when the archive is what the registry says", async () => {
  publish({ claude: "the program", "package.json": "{}" });
  const blob = await fetchPackage("1.2.3", blobs, npm);
  expect(zstdDecompressSync(readFileSync(blobFile(blobs, blob))).toString()).toBe("the program");
  expect(readdirSync(blobs)).toHaveLength(1);
});

test("an archive that is not what the registry says is refused, and nothing of it is left", async () => {
  publish({ claude: "the program" }, `sha512-${createHash("sha512").update("other").digest("base64")}`);
  await expect(fetchPackage("1.2.3", blobs, npm)).rejects.toThrow(
    /1\.2\.3 is not what the registry says it is/,
  );
  expect(readdirSync(blobs)).toEqual([]);
});

test("a version that npm does not give is told with the setting and the remedy", async () => {
  publish({ claude: "the program" });
  await expect(fetchPackage("9.9.9", blobs, npm)).rejects.toThrow(
    `convocate:claude.version: got 9.9.9, which npm does not give: choose one that \`npm view ${packageName} versions\` lists`,
  );
});

test("a package without the program is refused", async () => {
  publish({ "package.json": "{}" });
  await expect(fetchPackage("1.2.3", blobs, npm)).rejects.toThrow(/holds no package\/claude: choose another/);
});
