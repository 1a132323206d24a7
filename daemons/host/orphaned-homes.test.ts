import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { orphanedHomes, readCopy } from "./orphaned-homes.ts";

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const sample = (n: number, more: Record<string, unknown> = {}) => ({
  uuid: uuid(n),
  name: `session ${String(n)}`,
  created_at: "2026-01-01T00:00:00.000Z",
  last_accessed: "2026-01-01T00:00:00.000Z",
  ...more,
});

const folder = { path: "" };
beforeEach(() => void (folder.path = fs.mkdtempSync(join(tmpdir(), "convocate-unit-"))));
afterEach(() => fs.rmSync(folder.path, { recursive: true, force: true }));
const home = () => join(folder.path, uuid(1));
const copy = () => join(home(), "session.json");
beforeEach(() => fs.mkdirSync(home()));

test("a home with a copy of its metadata is adopted; known ones, others and files are not", async () => {
  for (const n of [1, 2, 3]) {
    fs.mkdirSync(join(folder.path, uuid(n)), { recursive: true });
    fs.writeFileSync(join(folder.path, uuid(n), "session.json"), JSON.stringify(sample(n)));
  }
  fs.mkdirSync(join(folder.path, ".skel"));
  fs.mkdirSync(join(folder.path, "not-a-uuid"));
  fs.writeFileSync(join(folder.path, uuid(4)), "");
  fs.symlinkSync(home(), join(folder.path, uuid(5)));
  const found = await orphanedHomes(folder.path, new Set([uuid(3)]));
  expect(found.map((session) => session.uuid).sort()).toEqual([uuid(1), uuid(2)]);
  expect(await orphanedHomes(join(folder.path, "missing"), new Set())).toEqual([]);
});

test("what grants rights is ignored: a session cannot write itself limits, a command or mounts", async () => {
  const mine = { port: 80, protocol: "udp", dns_name: "x" };
  const wished = { limits: { memory_bytes: 1 }, command: "x", egress: "all", mounts: ["/"], image: "evil" };
  fs.writeFileSync(copy(), JSON.stringify(sample(1, { ...mine, ...wished, labels: { a: "b" } })));
  expect(await readCopy(home(), uuid(1))).toEqual(sample(1, mine));
});

const secret = () => join(folder.path, "secret.json");
const traps: [string, () => void][] = [
  ["a link", () => fs.symlinkSync(secret(), copy())],
  ["a FIFO that nobody writes to", () => execFileSync("mkfifo", [copy()])],
  ["a folder", () => fs.mkdirSync(copy())],
  ["over 64 KiB", () => fs.writeFileSync(copy(), JSON.stringify(sample(1, { pad: "x".repeat(65_536) })))],
  ["another's uuid", () => fs.writeFileSync(copy(), JSON.stringify(sample(2)))],
  ["a path as uuid", () => fs.writeFileSync(copy(), JSON.stringify(sample(1, { uuid: "../etc" })))],
  ["no JSON", () => fs.writeFileSync(copy(), "{")],
  ["a wrong type", () => fs.writeFileSync(copy(), JSON.stringify(sample(1, { port: "x" })))],
  ["nothing", () => undefined],
];
test.each(traps)(
  "the copy is %s: not read, nothing is waited for, and the home is still a session",
  async (_, make) => {
    fs.writeFileSync(secret(), JSON.stringify(sample(1)));
    make();
    expect(await readCopy(home(), uuid(1))).toBeNull();
    expect(await orphanedHomes(folder.path, new Set())).toMatchObject([
      { uuid: uuid(1), name: "recovered-00000000" },
    ]);
  },
);

test("a copy without times counts as used when it was written", async () => {
  fs.writeFileSync(copy(), JSON.stringify({ uuid: uuid(1), name: "one" }));
  fs.utimesSync(copy(), new Date(0), new Date("2026-01-02T03:04:05Z"));
  const at = "2026-01-02T03:04:05.000Z";
  expect(await readCopy(home(), uuid(1))).toEqual({
    uuid: uuid(1),
    name: "one",
    created_at: at,
    last_accessed: at,
  });
});

test("a copy of exactly 64 KiB is read", async () => {
  const text = JSON.stringify(sample(1, { pad: "" }));
  fs.writeFileSync(copy(), JSON.stringify(sample(1, { pad: "x".repeat(65_536 - text.length) })));
  expect(fs.statSync(copy()).size).toBe(65_536);
  expect(await readCopy(home(), uuid(1))).toEqual(sample(1));
});
