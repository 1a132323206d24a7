import { readFileSync } from "node:fs";
import { join } from "node:path";
import { referencePage } from "./reference.ts";

test("docs/reference/convocate-host.md says what the command table says (npm run docs)", () => {
  const file = join(import.meta.dirname, "../../docs/reference/convocate-host.md");
  expect(readFileSync(file, "utf8")).toBe(referencePage());
});
