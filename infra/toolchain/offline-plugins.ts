import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./shell.ts";
import { versions } from "./versions.ts";
import type { Engine, Log } from "./engine.ts";

const names = ["command", "tls"] as const;

/** One plugin as one file: it depends on no checkout, so that a clone may move or go. */
async function bundle(name: (typeof names)[number]): Promise<string> {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "plugins", name, "main.ts")],
    bundle: true,
    write: false,
    platform: "node",
    target: "node24",
    format: "cjs",
    minify: true,
    legalComments: "none",
    external: ["*.node"],
    logLevel: "error",
  });
  return outputFiles[0]?.text ?? "";
}

/** A hash of everything the plugins are made of: a changed source or dependency is a new plugin. */
async function sourceHash(): Promise<string> {
  const folder = join(import.meta.dirname, "plugins");
  const files = (await readdir(folder, { recursive: true }))
    .filter((file) => /^[^.]+\.ts$/.test(file))
    .sort();
  const hash = createHash("sha256");
  for (const file of [
    ...files.map((name) => join(folder, name)),
    join(import.meta.dirname, "../../package-lock.json"),
  ]) {
    hash.update(await readFile(file));
  }
  return hash.digest("hex").slice(0, 12);
}

const textOf = (file: string) => readFile(file, "utf8").catch(() => null);

/**
 * Installs our plugins for the resource types in use into `home` under the official version numbers.
 * Nothing is done for one that is there, made of the same sources: checkouts of several versions may share one `home`.
 */
export async function installOfflinePlugins(engine: Engine, home: string, log: Log): Promise<void> {
  const folder = join(home, "offline");
  await mkdir(folder, { recursive: true });
  const hash = await sourceHash();
  for (const name of names) {
    const program = `pulumi-resource-${name}`;
    const file = join(folder, `${name}-${hash}.cjs`);
    const text = `#!/bin/sh\nexec node --no-warnings "${file}" "$@"\n`;
    const installed = join(home, "plugins", `resource-${name}-v${versions[name]}`, program);
    if (existsSync(file) && (await textOf(installed)) === text) continue;
    log(`installing our plugin for ${name} ${versions[name]}`);
    await writeFile(`${file}.new`, await bundle(name));
    await rename(`${file}.new`, file);
    const shim = join(folder, program);
    await writeFile(shim, text);
    await chmod(shim, 0o755);
    const argv = [join(engine.root, "bin/pulumi"), "plugin", "install", "resource", name, versions[name]];
    const env = ["env", `PULUMI_HOME=${home}`, "PULUMI_SKIP_UPDATE_CHECK=true"];
    const { code: status, stderr } = await run([...env, ...argv, "--file", shim, "--reinstall"]);
    if (status !== 0) throw new Error(`installing the offline plugin ${name} failed: ${stderr.trim()}`);
  }
}
