import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must } from "./command.ts";

const dist = join(import.meta.dirname, "../dist");
const app = join(dist, "app.tar.gz");
const manifestFile = join(dist, "manifest.json");

/** Makes another release of the one that was built, for tests of updates; `restore` brings back what was built. */
export class Release {
  readonly #kept = mkdtempSync(join(tmpdir(), "convocate-release-"));

  constructor() {
    for (const file of [app, manifestFile]) copyFileSync(file, join(this.#kept, file.slice(dist.length)));
  }

  /** The built release with what `change` makes of its unpacked folder. */
  async make(change: (folder: string) => void): Promise<void> {
    const folder = mkdtempSync(join(this.#kept, "tree-"));
    // The archive's own folder is the release's: the daemons' user must get in.
    chmodSync(folder, 0o755);
    await must(["tar", "-xzf", join(this.#kept, "app.tar.gz"), "-C", folder]);
    change(folder);
    const made = join(this.#kept, "made.tar.gz");
    await must(["tar", "-czf", made, "-C", folder, "--owner=0", "--group=0", "."]);
    const sha256 = createHash("sha256").update(readFileSync(made)).digest("hex");
    renameSync(made, `${app}.new`);
    renameSync(`${app}.new`, app);
    const manifest = JSON.parse(readFileSync(join(this.#kept, "manifest.json"), "utf8")) as object;
    writeFileSync(manifestFile, JSON.stringify({ ...manifest, app: { file: "app.tar.gz", sha256 } }));
  }

  restore(): void {
    for (const file of [app, manifestFile]) copyFileSync(join(this.#kept, file.slice(dist.length)), file);
    rmSync(this.#kept, { recursive: true });
  }
}
