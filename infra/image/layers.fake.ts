import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const docker = (...args: string[]) =>
  execFileSync("docker", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();

/** Images on this machine's engine, a layer per content, from the base up. Equal contents make equal layers. */
export class LayeredImages {
  readonly #built = new Set<string>();

  /** Builds `reference`; its id. `more`: further lines of a Dockerfile. */
  build(reference: string, layers: readonly Buffer[], more = ""): string {
    const folder = mkdtempSync(join(tmpdir(), "layered-"));
    try {
      const lines = layers.map((content, number) => {
        writeFileSync(join(folder, String(number)), content);
        return `COPY ${String(number)} /content\n`;
      });
      writeFileSync(join(folder, "Dockerfile"), `FROM scratch\n${lines.join("")}${more}`);
      docker("build", "-q", "-t", reference, folder);
      this.#built.add(reference);
      return docker("image", "inspect", "--format", "{{.Id}}", reference);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  remove(): void {
    for (const reference of this.#built) docker("rmi", "-f", reference);
  }
}
