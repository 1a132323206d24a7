import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { existsSync } from "node:fs";
import { z } from "zod";

const manifest = z.object({ dependencies: z.record(z.string(), z.string()).default({}) });

/** The folder of package `name` as `from` would resolve it. */
function packageFolder(name: string, from: string): string {
  const paths = createRequire(join(from, "package.json")).resolve.paths(name) ?? [];
  const folder = paths.map((path) => join(path, name)).find((path) => existsSync(join(path, "package.json")));
  if (!folder) throw new Error(`package ${name}, needed by ${from}, is not installed: run \`npm ci\``);
  return folder;
}

/** Folders (relative to `root`) of a package and everything it depends on: what ships where bundling cannot. */
export async function packageTree(root: string, name: string): Promise<string[]> {
  const found = new Set<string>();
  const visit = async (folder: string): Promise<void> => {
    if (found.has(folder)) return;
    found.add(folder);
    const { dependencies } = manifest.parse(JSON.parse(await readFile(join(folder, "package.json"), "utf8")));
    for (const dependency of Object.keys(dependencies)) await visit(packageFolder(dependency, folder));
  };
  await visit(packageFolder(name, root));
  // A package nested in another's node_modules comes along with it.
  const nested = (folder: string) => [...found].some((other) => folder.startsWith(`${other}/`));
  return [...found]
    .filter((folder) => !nested(folder))
    .map((folder) => relative(root, folder))
    .sort();
}
