import { readFileSync } from "node:fs";
import { join } from "node:path";
import { version } from "./version.ts";

test("the version that programs tell is the package's", () => {
  const manifest: unknown = JSON.parse(readFileSync(join(__dirname, "../package.json"), "utf8"));
  expect(manifest).toMatchObject({ version });
});
