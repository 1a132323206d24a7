/** Part of `npm run docs`: writes the reference of convocate-host. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { referencePage } from "./reference.ts";

await writeFile(join(import.meta.dirname, "../../docs/reference/convocate-host.md"), referencePage());
