import * as fs from "node:fs";
import { join } from "node:path";
import { Homes } from "./homes.ts";
import { sample, scratchFolder, uuid } from "./scratch-folder.fake.ts";

const folder = scratchFolder();
const helped: string[][] = [];
const homes = () =>
  new Homes({
    folder: folder.path,
    uid: 1337,
    gid: 1337,
    asRoot: (bind, argv) => {
      helped.push([bind, ...argv]);
      return Promise.resolve();
    },
  });
const path = (...names: string[]) => join(folder.path, ...names);

test("a new home has the skeleton, a copy of the metadata, and belongs to the session alone", async () => {
  fs.mkdirSync(path(".skel", ".claude"), { recursive: true });
  fs.writeFileSync(path(".skel", "CLAUDE.md"), "read me");
  fs.symlinkSync("../.claude-shared/settings.json", path(".skel", ".claude", "settings.json"));
  await homes().create(sample(1));
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
  await homes().create(sample(1));
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
  for (const name of [`.new-${uuid(1)}`, `.gone-${uuid(2)}`, uuid(3), ".skel", "old"])
    fs.mkdirSync(path(name, "inside"), { recursive: true });
  await homes().sweep();
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
