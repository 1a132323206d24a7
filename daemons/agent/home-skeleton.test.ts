import * as fs from "node:fs";
import { join } from "node:path";
import { furnish, trustFolder } from "./home-skeleton.ts";
import { scratchFolder } from "./scratch-folder.fake.ts";

const folder = scratchFolder();
const path = (...names: string[]) => join(folder.path, ...names);
const home = () => path("home");
const links = () => fs.readdirSync(join(home(), ".claude")).sort();
const asked = () => JSON.parse(fs.readFileSync(join(home(), ".claude.json"), "utf8")) as unknown;
beforeEach(() => fs.mkdirSync(home()));

test("a host without Claude's settings leaves a home alone", async () => {
  await furnish(home(), { folder: folder.path, hasToken: false });
  expect(fs.readdirSync(home())).toEqual([]);
});

test("Claude's settings are links to the host's, credentials too unless a token is delivered", async () => {
  fs.mkdirSync(path(".claude"));
  await furnish(home(), { folder: folder.path, hasToken: false });
  expect(links()).toEqual([".credentials.json", "plugins", "settings.json", "settings.local.json"]);
  expect(fs.readlinkSync(join(home(), ".claude", "plugins"))).toBe("../.claude-shared/plugins");
  fs.rmSync(home(), { recursive: true });
  fs.mkdirSync(home());
  await furnish(home(), { folder: folder.path, hasToken: true });
  expect(links()).toEqual(["plugins", "settings.json", "settings.local.json"]);
});

test("what the skeleton brings is not replaced", async () => {
  fs.mkdirSync(path(".claude"));
  fs.mkdirSync(path(".skel", ".claude"), { recursive: true });
  fs.writeFileSync(path(".skel", ".claude", "settings.json"), "mine");
  await furnish(home(), { folder: folder.path, hasToken: true });
  expect(fs.readFileSync(join(home(), ".claude", "settings.json"), "utf8")).toBe("mine");
});

test("Claude's first start asks nothing; answers that are there are kept", async () => {
  await trustFolder(home(), "/home/convocate");
  expect(asked()).toEqual({
    hasCompletedOnboarding: true,
    projects: { "/home/convocate": { hasTrustDialogAccepted: true } },
  });
  const theirs = {
    theme: "dark",
    hasCompletedOnboarding: false,
    projects: { "/x": { a: 1 }, "/home/convocate/app": { b: 2 } },
  };
  fs.writeFileSync(join(home(), ".claude.json"), JSON.stringify(theirs));
  await trustFolder(home(), "/home/convocate/app");
  expect(asked()).toEqual({
    ...theirs,
    projects: { "/x": { a: 1 }, "/home/convocate/app": { hasTrustDialogAccepted: true, b: 2 } },
  });
});

test.each(["no JSON", "[]", '{"projects": 1}'])(
  "a file with %s in it is Claude's to complain about",
  async (text) => {
    fs.writeFileSync(join(home(), ".claude.json"), text);
    await trustFolder(home(), "/home/convocate");
    expect(fs.readFileSync(join(home(), ".claude.json"), "utf8")).toBe(text);
  },
);
