import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const committed = join(root, "docs/pictures");

test("docs/pictures shows the list as it is (npm run pictures), and the guide shows them all", async () => {
  const taken = mkdtempSync(join(tmpdir(), "convocate-pictures-"));
  try {
    const main = join(import.meta.dirname, "main.ts");
    await run(join(root, "node_modules/.bin/node"), [main, taken], { timeout: 100_000 });
    const files = readdirSync(taken).sort();
    expect(readdirSync(committed).sort()).toEqual(files);
    const guide = readFileSync(join(root, "docs/guides/operator.md"), "utf8");
    for (const file of files) {
      const picture = readFileSync(join(taken, file), "utf8");
      expect(`${file}\n${readFileSync(join(committed, file), "utf8")}`).toBe(`${file}\n${picture}`);
      expect(picture.length).toBeLessThan(60_000);
      expect(guide).toContain(`](../pictures/${file})`);
    }
  } finally {
    rmSync(taken, { recursive: true });
  }
}, 120_000);
