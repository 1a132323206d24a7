import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { mappedStack } from "./stack.ts";

const folder = mkdtempSync(join(tmpdir(), "convocate-stack-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("the stack of a bundle that fails names the line of its source", () => {
  const source = join(folder, "source.ts");
  writeFileSync(
    source,
    "type A = string;\n\nfunction fails(a: A): never {\n  throw new Error(a);\n}\nfails('x');\n",
  );
  const outfile = join(folder, "bundle.cjs");
  buildSync({
    entryPoints: [source],
    outfile,
    bundle: true,
    sourcemap: true,
    sourcesContent: false,
    format: "cjs",
  });
  const run = `try { require(${JSON.stringify(outfile)}) } catch (error) { console.log(error.stack) }`;
  const stack = execFileSync(process.execPath, ["-e", run], { encoding: "utf8" });
  expect(stack).toContain("bundle.cjs:");
  expect(mappedStack(stack)).toMatch(/at fails \(source\.ts:4:9\)/);
});

test("frames of other programs, and of a bundle without its map, stay as they are", () => {
  const stack =
    "Error: x\n    at f (/nowhere/bundle.cjs:1:2)\n    at g (node:internal:3:4)\n    at h (/a/b.js:5:6)";
  expect(mappedStack(stack)).toBe(stack);
});
