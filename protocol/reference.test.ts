import { readFileSync } from "node:fs";
import { join } from "node:path";
import { referencePages } from "./reference.ts";

test.each(Object.entries(referencePages()))(
  "docs/reference/%s says what the contracts say (npm run docs)",
  (file, text) => {
    expect(readFileSync(join(__dirname, "../docs/reference", file), "utf8")).toBe(text);
  },
);
