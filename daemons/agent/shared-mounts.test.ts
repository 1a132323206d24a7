import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agentConfig } from "../../protocol/config.ts";
import { scratchFolder } from "./scratch-folder.fake.ts";
import { sharedMounts } from "./shared-mounts.ts";

const folder = scratchFolder();
const mounts = (config: object = {}) =>
  sharedMounts(folder.path, agentConfig.parse({ command: "claude", ...config }));

test("what the host has is shared read-only; keys and the engine's socket never are by themselves", async () => {
  expect(await mounts()).toEqual([]);
  for (const name of [".claude", ".ssh"]) mkdirSync(join(folder.path, name));
  writeFileSync(join(folder.path, ".gitconfig"), "");
  expect(await mounts()).toEqual([
    `${folder.path}/.claude:/home/convocate/.claude-shared:ro`,
    `${folder.path}/.gitconfig:/home/convocate/.gitconfig:ro`,
  ]);
});

test("the Claude CLI comes as a folder, so that an upgrade reaches sessions that run", async () => {
  expect(await mounts({ claude_folder: "/usr/local/lib/claude" })).toEqual([
    "/usr/local/lib/claude:/opt/claude:ro",
  ]);
});

test("other mounts are those that the configuration names, read-only unless it says otherwise", async () => {
  const named = [
    { source: "/srv/data", target: "/data" },
    { source: "/var/run/docker.sock", target: "/var/run/docker.sock", read_only: false },
  ];
  expect(await mounts({ mounts: named })).toEqual([
    "/srv/data:/data:ro",
    "/var/run/docker.sock:/var/run/docker.sock",
  ]);
});

test.each(["data", "/a:/b", ""])("%j is no path to mount", (source) => {
  expect(() => agentConfig.parse({ command: "x", mounts: [{ source, target: "/x" }] })).toThrow(
    /absolute path/,
  );
});
