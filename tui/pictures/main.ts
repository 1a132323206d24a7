/** `npm run pictures [-- FOLDER]`: renders the screens of docs/guides/operator.md from the list itself; needs tmux. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { takePictures } from "./take.ts";

const [folder = join(import.meta.dirname, "../../docs/pictures")] = process.argv.slice(2);
await mkdir(folder, { recursive: true });
for (const [file, svg] of await takePictures()) await writeFile(join(folder, file), svg);
