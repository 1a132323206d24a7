/** The scripts in real shells, against a fleet whose sessions have the worst names. */
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { FakeAgent } from "../client/agent.fake.ts";
import { FakeShellHost } from "../fleet.fake.ts";
import { Tmux } from "../screens/tmux.fake.ts";
import { scripts, shells, type Shell } from "./completion-scripts.ts";

const main = join(import.meta.dirname, "../main.ts");
const node = join(import.meta.dirname, "../../node_modules/.bin/node");
const run = promisify(execFile);
let host: FakeShellHost;
let agent: FakeAgent;
let env: Record<string, string>;
const file = (name: string) => join(host.folder, name);

beforeEach(async () => {
  host = new FakeShellHost();
  await host.fleet.listen();
  agent = await host.addAgent("a1", "agent-a");
  // `convocate` of a shell's PATH, and nothing else of this checkout.
  mkdirSync(file("bin"));
  const words = [node, main, ...host.options].map((word) => `'${word}'`).join(" ");
  writeFileSync(file("bin/convocate"), `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
  // Shells that are ended write their history into a home: this one has none.
  env = { PATH: `${file("bin")}:${process.env["PATH"] ?? ""}`, HOME: "/nonexistent", LC_ALL: "C.UTF-8" };
});
afterEach(() => host.close());

/** What bash itself makes of a line with the cursor at its end: each answer is put on the line, and the words of it read. */
const driver = String.raw`
eval "$(convocate completion bash)"
COMP_LINE=$1 COMP_POINT=${"$"}{#1}
_convocate convocate "$2" ""
for reply in "${"$"}{COMPREPLY[@]}"; do
  eval "words=(${"$"}{COMP_LINE%"$2"}$reply$3)"
  printf '%s\0' "${"$"}{words[-1]}"
done
`;

/** The last word that bash reads on the line after each answer. `closing` is what readline adds to an open quote. */
async function completed(line: string, replaced: string, closing = ""): Promise<string[]> {
  const { stdout, stderr } = await run("bash", ["-c", driver, "bash", line, replaced, closing], {
    env,
    cwd: host.folder,
    timeout: 60_000,
  });
  expect(stderr).toBe("");
  return stdout.split("\0").slice(0, -1);
}

const hostile = [
  "my work",
  "it's",
  'say "hi" now',
  "$(touch pwned)",
  "`touch pwned`",
  "; touch pwned #",
  "& touch pwned",
  "> pwned",
  "$HOME",
  "~root",
  "*",
  "{a,b}",
  "back\\slash",
  "a:b=c",
  "bang!",
  "ünï",
];

test("bash: whatever a session is named, what is inserted is that name and nothing runs", async () => {
  for (const name of hostile) agent.add(name);
  const evil = ["e\x1b[2Jvil", "-rf", "two\nlines"].map((name) => agent.add(name).uuid);
  expect((await completed("convocate kill ", "")).sort()).toEqual([...hostile, ...evil].sort());
  expect(await completed("convocate kill 'it", "it", "'")).toEqual(["it's"]);
  expect(await completed('convocate kill "sa', "sa", '"')).toEqual(['say "hi" now']);
  expect(await completed("convocate kill my\\ w", "my\\ w")).toEqual(["my work"]);
  expect(existsSync(file("pwned"))).toBe(false);
}, 120_000);

test("bash: verbs, options and their values, agents; names of files where an option takes one", async () => {
  await host.addAgent("a2", "agent-b");
  expect(await completed("convocate comp", "comp")).toEqual(["completion"]);
  expect(await completed("convocate edit --pro", "--pro")).toEqual(["--protocol"]);
  expect(await completed("convocate edit --protocol ", "")).toEqual(["tcp", "udp"]);
  expect(await completed("convocate ls --agent=agent-", "agent-")).toEqual([
    "--agent=agent-a",
    "--agent=agent-b",
  ]);
  const { stdout } = await run("convocate", ["complete", "--shell", "bash", "convocate --identity ", ""], {
    env,
  });
  expect(stdout).toBe("\tfiles\n");
}, 120_000);

const present = (shell: Shell): Promise<boolean> =>
  run("sh", ["-c", `command -v ${shell}`]).then(
    () => true,
    () => false,
  );

/** How a shell starts without anybody's configuration, and how it learns completion. */
const interactive: Record<Shell, { start: string; learn: string }> = {
  bash: { start: "bash --norc --noprofile -i", learn: 'eval "$(convocate completion bash)"' },
  zsh: {
    start: "zsh -f -i",
    learn: 'autoload -Uz compinit; compinit -D -u; eval "$(convocate completion zsh)"',
  },
  fish: { start: "fish --no-config -i", learn: "convocate completion fish | source" },
};

test.each(shells)(
  "Tab in a real %s, where the machine has it: the name is completed, quoted, and the verb finds the session",
  async (shell) => {
    if (shell !== "bash" && !(await present(shell))) return;
    const { uuid } = agent.add("$(touch pwned) it's");
    const terminal = new Tmux();
    try {
      const words = Object.entries(env).map(([name, value]) => `${name}='${value}'`);
      const { start, learn } = interactive[shell];
      await terminal.start(`cd '${host.folder}' && exec env ${words.join(" ")} ${start}`, {
        cols: 120,
        rows: 30,
      });
      await terminal.type(`${learn}; printf 'learned%s\\n' -all`);
      await terminal.press("Enter");
      await terminal.shows("learned-all", 30_000);
      await terminal.type("convocate restart \\$");
      await terminal.press("Tab");
      await terminal.shows("\\'s", 30_000);
      await terminal.press("Enter");
      await terminal.shows(uuid, 30_000);
      expect(existsSync(file("pwned"))).toBe(false);
    } finally {
      await terminal.end();
    }
  },
  150_000,
);

/** Without a fleet, or with one that says nothing. */
async function answered(...options: string[]) {
  const child = spawn(node, [main, ...options, "complete", "--shell", "zsh", "--", "new", "--agent", ""], {
    env: { PATH: process.env["PATH"] },
    timeout: 30_000,
  });
  const said = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said.err += chunk.toString()));
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { status, ...said };
}

test("a fleet out of reach, silent or without a key for it: the words that need none, without a word of complaint", async () => {
  const statics = { status: 0, out: "auto\n", err: "" };
  expect(await answered("--socket", file("none"))).toEqual(statics);
  expect(await answered("--via", "alice@shell")).toEqual(statics);
  // It listens, and never says a word.
  writeFileSync(file("ssh"), "#!/bin/sh\nexec sleep 600\n", { mode: 0o755 });
  writeFileSync(file("identity"), agent.userKey.private, { mode: 0o600 });
  env["CONVOCATE_SSH"] = file("ssh");
  const via = ["--via", "alice@shell", "--identity", file("identity")];
  const { stdout, stderr } = await run(
    "convocate",
    ["complete", "--shell", "zsh", "--", ...via, "new", "--agent", ""],
    {
      env,
      timeout: 30_000,
    },
  );
  expect({ stdout, stderr }).toEqual({ stdout: "auto\n", stderr: "" });
}, 90_000);

test("the scripts are printed without a fleet, by the login shell and the forced command too", async () => {
  for (const shell of shells) {
    const words = ["completion", shell];
    const login = [
      ["--via", "alice@shell", ...words],
      ["-c", words.join(" ")],
    ];
    for (const args of login)
      expect((await run(node, [main, ...args], { env: {} })).stdout).toBe(scripts[shell]);
    const forced = { SSH_ORIGINAL_COMMAND: words.join(" ") };
    const { stdout } = await run(node, [main, "login", "--operator", "alice"], { env: forced });
    expect(stdout).toBe(scripts[shell]);
  }
}, 120_000);

const checks: Record<Shell, string[]> = { bash: ["-n"], zsh: ["-n"], fish: ["--no-execute"] };

test("every script is what its shell reads, where the machine has that shell", async () => {
  for (const shell of shells) {
    writeFileSync(file(shell), scripts[shell]);
    if (await present(shell)) expect((await run(shell, [...checks[shell], file(shell)])).stderr).toBe("");
    // What is asked and answered is the same in each; nothing is evaluated.
    expect(scripts[shell]).toContain(`convocate complete --shell ${shell} -- `);
    expect(scripts[shell]).toContain("2>/dev/null </dev/null");
    expect(scripts[shell]).not.toMatch(/\beval\b|compgen/);
  }
}, 30_000);
