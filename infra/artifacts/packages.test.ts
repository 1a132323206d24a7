import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageTree } from "./packages.ts";

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), "packages-"))));
afterEach(() => rmSync(root, { recursive: true }));

function install(folder: string, dependencies: Record<string, string> = {}): void {
  mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, folder, "package.json"), JSON.stringify({ name: folder, dependencies }));
}

test("a package comes with everything it depends on; what is nested comes with its owner; cycles end", async () => {
  install("node_modules/app", { left: "1", right: "1" });
  install("node_modules/left", { right: "1" });
  install("node_modules/right", { left: "1" });
  install("node_modules/app/node_modules/right");
  install("node_modules/unrelated");
  expect(await packageTree(root, "app")).toEqual([
    "node_modules/app",
    "node_modules/left",
    "node_modules/right",
  ]);
});

test("a missing package is named, with the one that needs it and the remedy", async () => {
  install("node_modules/app", { gone: "1" });
  await expect(packageTree(root, "app")).rejects.toThrow(
    /package gone, needed by .*app, is not installed: run `npm ci`/,
  );
});
