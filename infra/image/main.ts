/** Builds a session image, takes it apart into `dist/images/`, and notes it in `dist/image.json`. */
import { join } from "node:path";
import { Command, Option } from "commander";
import { readRecord } from "./archive.ts";
import { buildImage, saveImage, type ImageKind } from "./build.ts";
import { noteImage } from "./images-file.ts";

const dist = join(import.meta.dirname, "../../dist");
const blobs = join(dist, "images");

const program = new Command("image")
  .description("build a session image on this machine's engine")
  .option("--base <reference>", "Debian-family image to build on", "ubuntu:24.04")
  .addOption(
    new Option("--image <kind>", "with tools, or only what a session needs")
      .choices(["full", "slim"])
      .default("full"),
  )
  .action(async ({ base, image: kind }: { base: string; image: ImageKind }) => {
    const built = await buildImage(base, (line) => console.error(line), kind);
    const record = await readRecord(blobs, built.id).catch(() => saveImage(built.reference, blobs));
    await noteImage(dist, kind, { reference: built.reference, id: record.id });
    const bytes = record.layers.reduce((sum, { packed }) => sum + packed.bytes, 0);
    const size = `${String(record.layers.length)} layers, ${(bytes / 1e6).toFixed(0)} MB to send at most`;
    console.log(`${built.reference} ${record.id.slice(7, 19)} (${size})`);
  });

try {
  await program.parseAsync();
} catch (error) {
  program.error(`image: ${error instanceof Error ? error.message : String(error)}`);
}
