import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { quote, runScript, scriptParts, scriptSource, scriptText, type ScriptName } from "./script.ts";

const scripts = Object.keys(scriptParts) as ScriptName[];
const prelude = readFileSync(join(import.meta.dirname, "prelude.sh"), "utf8");

function bash(text: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync("bash", ["-s", ...args], { input: text, encoding: "utf8" });
  if (status !== 0) throw new Error(`status ${String(status)}: ${stderr}`);
  return stdout;
}

/** What comes before the script itself: the beginning of the whole, and its variables. */
function variables(inputs: Record<string, string>): string {
  const text = scriptText("registration", inputs);
  return text.slice(0, text.indexOf(prelude));
}

const anything = fc.string({ unit: "binary" }).map((text) => text.replaceAll("\0", ""));
const nasty = fc.constantFrom(
  "'",
  "''\\'",
  "\\",
  "$(exit 9)",
  "`exit 9`",
  "\n",
  "a\r\n",
  "}\nexit 9\n{",
  "EOF\n",
  "!!",
  "~",
  "*",
  "\u{1f980}é",
);

test("any input arrives in a real shell byte for byte", () => {
  const values = fc.array(
    fc.oneof(
      anything,
      nasty,
      fc.tuple(anything, nasty).map((parts) => parts.join("")),
    ),
    {
      minLength: 20,
      maxLength: 40,
    },
  );
  fc.assert(
    fc.property(values, (list) => {
      const names = list.map((_, i) => `input_${String(i)}`);
      const inputs = Object.fromEntries(names.map((name, i) => [name, list[i] ?? ""]));
      const print = `printf '%s\\0' ${names.map((name) => `"$${name}"`).join(" ")}\n}\n`;
      expect(
        bash(variables(inputs) + print)
          .split("\0")
          .slice(0, -1),
      ).toEqual(list);
    }),
    { numRuns: 40 },
  );
});

test("any text is one word", () => {
  fc.assert(
    fc.property(fc.oneof(anything, nasty), (text) => {
      expect(bash(`set -- ${quote(text)}\nprintf '%s\\0%s' "$#" "$1"`)).toBe(`1\0${text}`);
    }),
    { numRuns: 40 },
  );
});

test.each(["", "A", "a-b", "1a", "a b", "a=1;b", "_a", "a\nb", "PATH"])(
  "%j is refused as a name of an input",
  (name) => {
    expect(() => scriptText("registration", { [name]: "x" })).toThrow(/is no name of a shell variable/);
  },
);

test("an input that no variable can hold is refused, unshown", () => {
  expect(() => scriptText("registration", { host_key: "secret\0rest" })).toThrow(
    /^host_key holds a NUL byte, which no shell variable can$/,
  );
});

test.each(scripts)("%s is a script that bash can read", (name) => {
  const text = scriptText(name, { agent_id: "it's" });
  const { status, stderr } = spawnSync("bash", ["-n"], { input: text, encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test.each(scripts)("%s reads every input that it says it has", (name) => {
  const source = scriptSource(name);
  const lists = [...source.matchAll(/^# Inputs: ([^.(]+)/gm)];
  const declared = lists.flatMap(([, list = ""]) => list.match(/\w+/g) ?? []);
  expect(declared.length).toBeGreaterThan(1);
  for (const input of declared) expect(source).toMatch(new RegExp(`\\$\\{?${input}\\b`));
});

test("nothing runs before all has arrived, and what runs finds an empty standard input", () => {
  const text = variables({ a: "1" });
  expect(text.startsWith("{\n")).toBe(true);
  expect(scriptText("registration", {}).endsWith('\nmain "$@" </dev/null\nexit\n}\n')).toBe(true);
  const cut = scriptText("registration", { a: "1" }).slice(0, -3);
  expect(spawnSync("bash", ["-s"], { input: cut, encoding: "utf8" })).toMatchObject({
    status: 2,
    stdout: "",
  });
});

test("the command line names the action and no more", () => {
  expect(runScript()).toBe(
    "sudo -n flock --close -w 1500 -E 75 /run/convocate-provision.lock bash --norc -s",
  );
  expect(runScript("register")).toBe(
    "sudo -n flock --close -w 1500 -E 75 /run/convocate-provision.lock bash --norc -s register",
  );
});
