import { readFileSync } from "node:fs";
import { join } from "node:path";
import { keysPage } from "./keys-page.ts";

test("docs/reference/keys.md says what the key table says (npm run docs)", () => {
  expect(readFileSync(join(import.meta.dirname, "../docs/reference/keys.md"), "utf8")).toBe(keysPage());
});
