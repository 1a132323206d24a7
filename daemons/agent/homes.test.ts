import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { eventually } from "../host/eventually.fake.ts";
import { furnish } from "./home-skeleton.ts";
import { Homes } from "./homes.ts";
import { sample, scratchFolder, uuid } from "./scratch-folder.fake.ts";

const folder = scratchFolder();
const helped: string[][] = [];
const homes = () =>
  new Homes({
    folder: folder.path,
    uid: 1337,
    gid: 1337,
    asRoot: ([bind = ""], argv) => {
      helped.push([bind, ...argv]);
      const { status, stdout, stderr } = spawnSync(argv[0] ?? "", argv.slice(1), { encoding: "utf8" });
      return Promise.resolve({ exitCode: status ?? -1, output: stdout + stderr });
    },
  });
const furnished = (home: string) => furnish(home, { folder: folder.path, hasToken: false });
const path = (...names: string[]) => join(folder.path, ...names);

test("a new home has the skeleton, a copy of the metadata, and belongs to the session alone", async () => {
  fs.mkdirSync(path(".skel", ".claude"), { recursive: true });
  fs.writeFileSync(path(".skel", "CLAUDE.md"), "read me");
  fs.symlinkSync("../.claude-shared/settings.json", path(".skel", ".claude", "settings.json"));
  await homes().create(sample(1), furnished);
  const home = fs.statSync(path(uuid(1)));
  expect((home.mode & 0o777).toString(8)).toBe("700");
  expect(fs.readFileSync(path(uuid(1), "CLAUDE.md"), "utf8")).toBe("read me");
  expect(fs.readlinkSync(path(uuid(1), ".claude", "settings.json"))).toBe("../.claude-shared/settings.json");
  expect(JSON.parse(fs.readFileSync(path(uuid(1), "session.json"), "utf8"))).toEqual(sample(1));
  // Only root can give files away; where tests run as another user they stay the user's own.
  const owner = process.getuid?.() === 0 ? 1337 : process.getuid?.();
  expect([home.uid, fs.statSync(path(uuid(1), "CLAUDE.md")).uid]).toEqual([owner, owner]);
});

test("without a skeleton a home is empty but for the copy; leftovers of a crash are in nobody's way", async () => {
  fs.mkdirSync(path(`.new-${uuid(1)}`));
  fs.writeFileSync(path(`.new-${uuid(1)}`, "half"), "");
  await homes().create(sample(1), furnished);
  expect(fs.readdirSync(path(uuid(1)))).toEqual(["session.json"]);
  expect(fs.readdirSync(folder.path)).toEqual([uuid(1)]);
});

test("remove follows no link out of the home, and forgives what is gone", async () => {
  fs.writeFileSync(path("precious"), "x");
  fs.mkdirSync(path(uuid(1)));
  fs.symlinkSync(path("precious"), path(uuid(1), "link"));
  fs.symlinkSync(folder.path, path(uuid(1), "up"));
  await homes().remove(uuid(1));
  await homes().remove(uuid(1));
  expect(fs.readdirSync(folder.path)).toEqual(["precious"]);
  expect(helped).toEqual([]);
});

test("the sweep removes what a crash left half made or half removed, and nothing else", async () => {
  for (const name of [`.new-${uuid(1)}`, `.gone-${uuid(2)}`, `.moved-${uuid(4)}`, uuid(3), ".skel", "old"])
    fs.mkdirSync(path(name, "inside"), { recursive: true });
  fs.writeFileSync(path(`.copy-${uuid(3)}`), "{");
  await homes().sweep(() => Promise.resolve(false));
  expect(fs.readdirSync(folder.path).sort()).toEqual([uuid(3), ".skel", "old"].sort());
});

test.each(["", "..", "../..", "/etc", uuid(1).toUpperCase().replace("8000", "ABCD"), `${uuid(1)}/..`])(
  "%j is never made into a path",
  async (id) => {
    fs.writeFileSync(path("kept"), "");
    expect(() => homes().path(id)).toThrow();
    await expect(homes().remove(id)).rejects.toThrow();
    expect(fs.readdirSync(folder.path)).toEqual(["kept"]);
  },
);

test("a copy has links, modes, holes and a name of its own in its metadata, and no sockets", async () => {
  const home = path(uuid(1));
  await homes().create(sample(1), () => Promise.resolve());
  fs.writeFileSync(join(home, "run"), "#!/bin/sh", { mode: 0o755 });
  fs.linkSync(join(home, "run"), join(home, "same"));
  fs.symlinkSync("/etc/passwd", join(home, "link"));
  fs.truncateSync(join(home, "run"), 0);
  const hollow = fs.openSync(join(home, "hollow"), "w");
  fs.ftruncateSync(hollow, 64 << 20);
  fs.closeSync(hollow);
  const server = createServer().listen(join(home, "socket"));
  await eventually(() => server.listening);
  // What the session makes of the copy of its metadata is nobody's business.
  fs.rmSync(join(home, "session.json"));
  fs.symlinkSync("/etc/passwd", join(home, "session.json"));
  await homes().copy(uuid(1), sample(2));
  await new Promise((resolve) => server.close(resolve));
  const copied = path(uuid(2));
  expect(fs.readdirSync(copied).sort()).toEqual(["hollow", "link", "run", "same", "session.json"]);
  const stat = (name: string) => fs.lstatSync(join(copied, name));
  expect([stat("run").ino, stat("run").mode & 0o777]).toEqual([stat("same").ino, 0o755]);
  expect(fs.readlinkSync(join(copied, "link"))).toBe("/etc/passwd");
  expect([stat("hollow").size, stat("hollow").blocks]).toEqual([64 << 20, 0]);
  expect(stat("session.json").isFile()).toBe(true);
  expect(JSON.parse(fs.readFileSync(join(copied, "session.json"), "utf8"))).toEqual(sample(2));
});

test("a copy that fails leaves nothing, and says why without a path of this host", async () => {
  const failure = await homes()
    .copy(uuid(1), sample(2))
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: "copy_failed",
    message: "the home could not be copied: No such file or directory",
  });
  expect(fs.readdirSync(folder.path)).toEqual([]);
});

test("the sweep leaves alone a home that is being moved here by somebody who holds it", async () => {
  for (const i of [1, 2]) fs.mkdirSync(path(`.moved-${uuid(i)}`, "home"), { recursive: true });
  await homes().sweep((id) => Promise.resolve(id === uuid(1)));
  expect(fs.readdirSync(folder.path)).toEqual([`.moved-${uuid(1)}`]);
});

test("the sweep leaves alone what is being made or removed right now", async () => {
  const all = homes();
  let go = () => {};
  const made = all.create(sample(1), () => new Promise((resolve) => (go = resolve)));
  await eventually(() => fs.existsSync(path(`.new-${uuid(1)}`)));
  await all.sweep(() => Promise.resolve(false));
  go();
  await made;
  expect(fs.readdirSync(folder.path)).toEqual([uuid(1)]);
});

test("the copy of the metadata is written anew without a trace of how, whatever the session made of the old one", async () => {
  await homes().create(sample(1), () => Promise.resolve());
  fs.writeFileSync(path("precious"), "kept");
  fs.rmSync(path(uuid(1), "session.json"));
  fs.symlinkSync(path("precious"), path(uuid(1), "session.json"));
  await homes().writeCopy(sample(1, { name: "edited" }));
  expect(JSON.parse(fs.readFileSync(path(uuid(1), "session.json"), "utf8"))).toMatchObject({
    name: "edited",
  });
  fs.rmSync(path(uuid(1), "session.json"));
  fs.mkdirSync(path(uuid(1), "session.json", "x"), { recursive: true });
  await expect(homes().writeCopy(sample(1))).rejects.toThrow();
  expect(fs.readdirSync(path(uuid(1)))).toEqual(["session.json"]);
  expect(fs.readFileSync(path("precious"), "utf8")).toBe("kept");
  expect(fs.readdirSync(folder.path).sort()).toEqual(["precious", uuid(1)].sort());
});
