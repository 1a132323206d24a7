import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Locks } from "./locks.ts";
import { scratchFolder, uuid } from "./scratch-folder.fake.ts";

const folder = scratchFolder();
const locks = () => new Locks(folder.path);
const id = uuid(1);
const path = () => join(folder.path, `${id}.lock`);

test("one operation at a time: who comes second is told, and the lock goes with the first, however it ends", async () => {
  await locks().hold(id, async () => {
    expect(await locks().holder(id)).toBe(process.pid);
    expect(readFileSync(path(), "utf8")).toMatch(new RegExp(`^${String(process.pid)} \\d+\n$`));
    await expect(locks().hold(id, () => Promise.resolve())).rejects.toMatchObject({
      code: "locked",
      message: `session "${id}" is currently locked (in use)`,
    });
    expect(await locks().exists(id)).toBe(true);
  });
  expect(readdirSync(folder.path)).toEqual([]);
  await expect(locks().hold(id, () => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
  expect(readdirSync(folder.path)).toEqual([]);
});

test("v2's form, a pid alone, is held while the process lives", async () => {
  const child = spawn("sleep", ["60"]);
  try {
    writeFileSync(path(), String(child.pid));
    expect(await locks().holder(id)).toBe(child.pid);
  } finally {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  expect(await locks().holder(id)).toBeNull();
});

test("a lock of a dead process is stale, and so is one whose pid is used again", async () => {
  writeFileSync(path(), `${String(spawnSync("true").pid)} 1\n`);
  expect(await locks().holder(id)).toBeNull();
  writeFileSync(path(), `${String(process.pid)} 1\n`);
  expect(await locks().holder(id)).toBeNull();
});

test("a lock older than a day is stale whoever holds it", async () => {
  writeFileSync(path(), `${String(process.pid)}\n`);
  const hoursAgo = (hours: number) => Date.now() / 1000 - hours * 3600;
  utimesSync(path(), hoursAgo(23), hoursAgo(23));
  expect(await locks().holder(id)).toBe(process.pid);
  utimesSync(path(), hoursAgo(24.1), hoursAgo(24.1));
  expect(await locks().holder(id)).toBeNull();
});

test.each(["", "x", "-1", "0", "1e9999", "../../1", "\0"])("a lock with %j in it is stale", async (text) => {
  writeFileSync(path(), text);
  expect(await locks().holder(id)).toBeNull();
  expect(await locks().exists(id)).toBe(true);
});
