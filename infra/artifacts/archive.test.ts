import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { entriesBelow, writeArchive } from "./archive.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "archive-"));
  mkdirSync(join(folder, "tree/sub"), { recursive: true });
  writeFileSync(join(folder, "tree/b.txt"), "b");
  writeFileSync(join(folder, "tree/sub/a.txt"), "a");
  symlinkSync("b.txt", join(folder, "tree/link"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("the same tree gives the same bytes, whatever its times", async () => {
  const first = await writeArchive(join(folder, "1.tar.gz"), await entriesBelow(join(folder, "tree"), "app"));
  utimesSync(join(folder, "tree/b.txt"), 1, 1);
  const second = await writeArchive(
    join(folder, "2.tar.gz"),
    await entriesBelow(join(folder, "tree"), "app"),
  );
  expect(second).toBe(first);
  writeFileSync(join(folder, "tree/b.txt"), "c");
  expect(
    await writeArchive(join(folder, "3.tar.gz"), await entriesBelow(join(folder, "tree"), "app")),
  ).not.toBe(first);
});

test("tar reads it: names, modes, links, owner root", async () => {
  const entries = [
    ...(await entriesBelow(join(folder, "tree"), "app")),
    { name: "bin/run", mode: 0o755, text: "#!/bin/sh\n" },
  ];
  await writeArchive(join(folder, "x.tar.gz"), entries);
  const listing = execFileSync("tar", ["-tvzf", join(folder, "x.tar.gz")], { encoding: "utf8" });
  expect(listing).toMatch(/-rw-r--r-- 0\/0 .* app\/b\.txt\n/);
  expect(listing).toMatch(/app\/link -> b\.txt\n/);
  expect(listing).toMatch(/-rwxr-xr-x 0\/0 .* bin\/run\n/);
  execFileSync("tar", ["-xzf", join(folder, "x.tar.gz"), "-C", folder, "app/sub/a.txt"]);
  expect(readFileSync(join(folder, "app/sub/a.txt"), "utf8")).toBe("a");
});

test("an archive larger than the stream's buffer is written whole", async () => {
  const text = "x".repeat(3_000_000);
  await writeArchive(join(folder, "big.tar.gz"), [
    { name: "1", mode: 0o644, text },
    { name: "2", mode: 0o644, text },
  ]);
  const out = execFileSync("tar", ["-xzOf", join(folder, "big.tar.gz"), "2"], { maxBuffer: 1e7 });
  expect(out.length).toBe(text.length);
});
