/** `npm run docs`: writes the generated pages of docs/reference. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { referencePages } from "./reference.ts";

const folder = join(import.meta.dirname, "../docs/reference");
await mkdir(folder, { recursive: true });
for (const [file, text] of Object.entries(referencePages())) await writeFile(join(folder, file), text);
