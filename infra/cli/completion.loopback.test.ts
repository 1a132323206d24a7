/** Completion in the shells themselves. */
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeContext } from "./context.fake.ts";
import { completables, completion } from "./completion.ts";
import { program } from "./program.ts";
import { ed25519, ScratchStack } from "./scratch-stack.fake.ts";

jest.setTimeout(60_000);

const stack = new ScratchStack(`config:
  convocate:hosts:
    shell-1: { role: shell, address: 10.0.0.10, hostKey: "${ed25519(1)}" }
    agent-a: { role: agent, address: 10.0.0.21, hostKey: "${ed25519(2)}", shell: shell-1 }
    $(touch /tmp/pwned): { role: agent }
`);
afterAll(() => stack.remove());

const root = program(stack.context, () => undefined);
function script(shell: string): string {
  const context = new FakeContext({ root: stack.folder });
  completion(context, root, shell);
  return context.out;
}

/** What bash offers at the end of a line. */
function offered(line: string): string[] {
  const words = line.split(" ");
  const file = join(stack.folder, "completion.bash");
  writeFileSync(
    file,
    `${script("bash")}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})\nCOMP_CWORD=${String(words.length - 1)}\n_convocate_host\nprintf '%s\\n' "\${COMPREPLY[@]}"\n`,
  );
  const { stdout, stderr } = spawnSync("bash", ["--norc", file], { encoding: "utf8", cwd: stack.folder });
  expect(stderr).toBe("");
  return stdout.split("\n").filter((word) => word !== "");
}

test.each([
  ["convocate-host in", ["install", "init-shell", "init-agent"]],
  ["convocate-host update --host ", ["shell-1", "agent-a"]],
  ["convocate-host update --host agent-a --dr", ["--dry-run"]],
  ["convocate-host state ", ["export", "restore", "--help"]],
  ["convocate-host state restore --p", ["--passphrase-file"]],
  ["convocate-host update --stack ", ["test"]],
  ["convocate-host trust ag", ["agent-a"]],
  ["convocate-host trust x --role ", ["shell", "agent"]],
  ["convocate-host completion z", ["zsh"]],
  ["convocate-host update --image", []],
])("bash offers for %j", (line, expected) => {
  expect(offered(line)).toEqual(expected);
});

test("a hostile name in a stack file is no word of a shell", () => {
  for (const shell of ["bash", "zsh", "fish"]) expect(script(shell)).not.toContain("pwned");
});

test.each(["bash", "zsh", "fish"])("%s reads its script without complaint, where there is one", (shell) => {
  const file = join(stack.folder, `script.${shell}`);
  writeFileSync(file, script(shell));
  if (!existsSync(`/usr/bin/${shell}`) && shell !== "bash") return;
  const { status, stderr } = spawnSync(shell, ["-n", file], { encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test("every verb and option that help shows is completed, by every script", () => {
  for (const { words, options } of completables(root))
    for (const shell of ["bash", "zsh", "fish"]) {
      expect(script(shell)).toContain(words.at(-1));
      for (const { long } of options)
        expect(script(shell)).toContain(shell === "fish" ? `-l ${long.slice(2)} ` : long);
    }
});
