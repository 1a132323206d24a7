/** `--help` must answer at once: it loads the command table, and nothing that a verb needs. */
import { spawn } from "node:child_process";
import { join } from "node:path";

jest.setTimeout(60_000);

/** Writes the address of every module that is loaded to standard error. */
const hook = `data:text/javascript,import{registerHooks}from"node:module";registerHooks({load(url,context,next){process.stderr.write("loaded "+url+"\\n");return next(url,context)}})`;

const node = join(import.meta.dirname, "../../node_modules/.bin/node");

function run(...words: string[]): Promise<{ code: number | null; out: string; modules: string[] }> {
  const child = spawn(node, ["--import", hook, join(import.meta.dirname, "main.ts"), ...words]);
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  return new Promise((resolve) =>
    child.on("close", (code) =>
      resolve({ code, out, modules: [...err.matchAll(/^loaded (.*)$/gm)].map(([, url = ""]) => url) }),
    ),
  );
}

const packages = (modules: readonly string[]) => [
  ...new Set(modules.flatMap((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? [])),
];

test.each([
  ["--help"],
  ["help"],
  ["help update"],
  ["init-agent --help"],
  ["state export --help"],
  ["trust --help"],
])("%s loads commander and nothing else", async (line) => {
  const { code, out, modules } = await run(...line.split(" "));
  expect(code).toBe(0);
  expect(out).toMatch(/^Usage: convocate-host/);
  expect(packages(modules)).toEqual(["commander"]);
  expect(modules.length).toBeLessThan(30);
});

test("the hook sees what a verb loads", async () => {
  const { code, modules } = await run("version");
  expect(code).toBe(0);
  expect(packages(modules)).toContain("zod");
});

test.each([
  ["nonsense", 2],
  ["update --port 22", 2],
  ["init-agent --port none", 2],
  ["update --image-tag x", 2],
  ["status --stack nobody", 3],
  ["status --stack ../x", 2],
])("%s ends with status %d", async (line, status) => {
  expect((await run(...line.split(" "))).code).toBe(status);
});
