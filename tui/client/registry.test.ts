import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRegistration, registeredIds } from "./registry.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "registry-"))));
afterEach(() => rmSync(folder, { recursive: true }));

function register(id: string, files: Record<string, string>): void {
  mkdirSync(join(folder, id));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, id, name), text);
}

test("a registration is read whole; a missing name is the id; a missing pin is null, to be refused when dialled", async () => {
  register("a1", { "agent-host": "10.0.0.7\n", name: "agent-a\n", shell_to_agent_ed25519_key: "KEY" });
  expect(await readRegistration(folder, "a1")).toEqual({
    id: "a1",
    name: "agent-a",
    address: "10.0.0.7",
    port: 222,
    hostKey: null,
    credentials: { privateKey: "KEY" },
  });
});

test("what is not registered is named, with the remedy; an id never leaves the folder", async () => {
  register("half", { "agent-host": "10.0.0.7" });
  await expect(readRegistration(folder, "half")).rejects.toThrow(/"half".*no key of ours.*pulumi up/);
  await expect(readRegistration(folder, "gone")).rejects.toMatchObject({ code: "not_found" });
  await expect(readRegistration(folder, "../../etc")).rejects.toThrow(/no agent id/);
});

test("ids are listed sorted; strays are ignored; no folder is an empty fleet", async () => {
  register("b", {});
  register("a", {});
  writeFileSync(join(folder, "README.md"), "");
  expect(await registeredIds(folder)).toEqual(["a", "b"]);
  expect(await registeredIds(join(folder, "none"))).toEqual([]);
});
