/** `npm run build`: makes `dist/`, everything that ships to hosts. */
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { entriesBelow, writeArchive, type Entry } from "./archive.ts";
import { bundlePrograms, programs, type Program } from "./bundle.ts";
import { packageTree } from "./packages.ts";

const root = join(import.meta.dirname, "../..");
const dist = join(root, "dist");

/**
 * The command on a host: the runtime is a link beside the bundle, so a release finds it wherever it is unpacked. Without
 * --enable-source-maps, which doubles the memory of a daemon (65 MB more); the bundles are readable as they are.
 */
const launcher = ({ command, flags }: Program) => `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
exec "$here/../runtime/bin/node" ${[...flags, `"$here/../lib/${command}.cjs"`].join(" ")} "$@"
`;

/** terminal-kit needs its code and data, not its documentation and samples. */
const needless = /\/(doc|demo|sample|test|documentation|browser)\/|\.(md|html|map|d\.ts)$/;

async function appEntries(): Promise<Entry[]> {
  const entries: Entry[] = programs.map((program) => ({
    name: `bin/${program.command}`,
    mode: 0o755,
    text: launcher(program),
  }));
  entries.push(...(await entriesBelow(join(dist, "lib"), "lib")));
  for (const folder of await packageTree(root, "terminal-kit")) {
    const files = await entriesBelow(join(root, folder), join("lib", folder));
    entries.push(...files.filter((entry) => !needless.test(entry.name)));
  }
  return entries;
}

/** The Node.js that hosts run: the binary of the pinned npm package, without headers and documentation. */
async function buildRuntime(): Promise<{ file: string; sha256: string }> {
  // npm installs the package of this machine's architecture; hosts of another one need a build there.
  const source = join(root, `node_modules/node-linux-${process.arch}`);
  const { version } = JSON.parse(await readFile(join(source, "package.json"), "utf8")) as { version: string };
  const file = `runtime-${version}-${process.arch}.tar.gz`;
  const path = join(dist, file);
  // 100 MB take seconds to compress: made once per version.
  if (existsSync(path)) {
    return {
      file,
      sha256: createHash("sha256")
        .update(await readFile(path))
        .digest("hex"),
    };
  }
  const sha256 = await writeArchive(path, [
    { name: "bin/node", mode: 0o755, path: join(source, "bin/node") },
    { name: "LICENSE", mode: 0o644, path: join(source, "LICENSE") },
  ]);
  return { file, sha256 };
}

await mkdir(dist, { recursive: true });
await rm(join(dist, "lib"), { recursive: true, force: true });
await bundlePrograms(root, join(dist, "lib"));
const app = { file: "app.tar.gz", sha256: await writeArchive(join(dist, "app.tar.gz"), await appEntries()) };
const runtime = await buildRuntime();
await writeFile(join(dist, "manifest.json"), `${JSON.stringify({ app, runtime }, null, 2)}\n`);
console.log(`app ${app.sha256.slice(0, 12)}, runtime ${runtime.sha256.slice(0, 12)}`);
