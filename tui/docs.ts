/** Part of `npm run docs`: writes the page of keys. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { keysPage } from "./keys-page.ts";

await writeFile(join(import.meta.dirname, "../docs/reference/keys.md"), keysPage());
