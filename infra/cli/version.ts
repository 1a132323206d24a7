import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { versions } from "../toolchain/versions.ts";
import type { Context } from "./context.ts";

const archive = z.object({ sha256: z.string() });
const manifestSchema = z.object({ app: archive, runtime: archive });
/** The images that were built, by kind. */
const imageSchema = z.record(z.string(), z.object({ reference: z.string() }));

/** What an update would deliver; null: not built yet. */
export interface Build {
  app: string | null;
  runtime: string | null;
  images: string[];
}

function readJson<T>(file: string, schema: z.ZodType<T>): T | null {
  return existsSync(file) ? schema.parse(JSON.parse(readFileSync(file, "utf8"))) : null;
}

export function readBuild(root: string): Build {
  const manifest = readJson(join(root, "dist/manifest.json"), manifestSchema);
  const images = readJson(join(root, "dist/image.json"), imageSchema);
  return {
    app: manifest?.app.sha256 ?? null,
    runtime: manifest?.runtime.sha256 ?? null,
    images: Object.values(images ?? {}).map(({ reference }) => reference),
  };
}

/** `version`. */
export function version({ root, stdout }: Context, { json = false }: { json?: boolean }): number {
  const { version: own } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
  const build = readBuild(root);
  const { engine, command, tls } = versions;
  if (json) stdout.write(`${JSON.stringify({ version: own, engine, plugins: { command, tls }, build })}\n`);
  else {
    const short = (sha256: string | null) => sha256?.slice(0, 12) ?? "not built";
    const built = [
      `app ${short(build.app)}`,
      `runtime ${short(build.runtime)}`,
      `image ${build.images.join(" ") || "not built"}`,
    ];
    stdout.write(
      `convocate-host ${own}\nengine ${engine}, plugins command ${command}, tls ${tls}\ndelivers ${built.join(", ")}\n`,
    );
  }
  return 0;
}
