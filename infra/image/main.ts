/** Builds the session image and notes it in `dist/image.json`, where the Pulumi program finds it. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { buildImage } from "./build.ts";

const program = new Command("image")
  .description("build the session image on this machine's engine")
  .option("--base <reference>", "Debian-family image to build on", "ubuntu:24.04")
  .action(async ({ base }: { base: string }) => {
    const image = await buildImage(base, (line) => console.error(line));
    const dist = join(import.meta.dirname, "../../dist");
    await mkdir(dist, { recursive: true });
    await writeFile(join(dist, "image.json"), `${JSON.stringify(image, null, 2)}\n`);
    console.log(`${image.reference} ${image.id.slice(7, 19)}`);
  });

try {
  await program.parseAsync();
} catch (error) {
  program.error(`image: ${error instanceof Error ? error.message : String(error)}`);
}
