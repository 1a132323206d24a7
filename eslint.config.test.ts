import { execFileSync } from "node:child_process";

/** Lints every text as if it stood in its file; returns the rules each one breaks. */
function lint(cases: { file: string; text: string }[]): string[][] {
  const script = `
    import { ESLint } from "eslint";
    const eslint = new ESLint();
    const cases = JSON.parse(process.argv[1]);
    const results = [];
    for (const { file, text } of cases) {
      const [result] = await eslint.lintText(text, { filePath: file });
      results.push(result.messages.map((message) => message.ruleId ?? message.message));
    }
    console.log(JSON.stringify(results));`;
  const out = execFileSync(
    "node_modules/.bin/node",
    ["--input-type=module", "-e", script, JSON.stringify(cases)],
    { cwd: __dirname, encoding: "utf8" },
  );
  return JSON.parse(out) as string[][];
}

// Existing files lend their names: type-checked rules need a file of the project.
const cases = [
  {
    why: "the TUI imports a daemon",
    file: "tui/main.ts",
    text: `import { listen } from "../daemons/ssh/listener.ts";\nlisten;\n`,
    rule: "import-x/no-restricted-paths",
  },
  {
    why: "a kit imports its user",
    file: "daemons/ssh/listener.ts",
    text: `import "../agent/main.ts";\n`,
    rule: "import-x/no-restricted-paths",
  },
  {
    why: "the protocol imports anything but zod",
    file: "protocol/keys.ts",
    text: `import "ssh2";\n`,
    rule: "no-restricted-imports",
  },
  {
    why: "the renderer touches the terminal",
    file: "tui/main.ts",
    text: `import "terminal-kit";\n`,
    rule: "no-restricted-imports",
  },
  {
    why: "a cycle",
    file: "protocol/errors.ts",
    text: `import { referencePages } from "./reference.ts";\nexport const errorTable = {}; referencePages();\n`,
    rule: "import-x/no-cycle",
  },
  {
    why: "any",
    file: "protocol/keys.ts",
    text: `export const x: any = 1;\n`,
    rule: "@typescript-eslint/no-explicit-any",
  },
  {
    why: "a floating promise",
    file: "protocol/keys.ts",
    text: `Promise.resolve(1);\n`,
    rule: "@typescript-eslint/no-floating-promises",
  },
  {
    why: "the environment read outside main.ts",
    file: "protocol/keys.ts",
    text: `export const home = process.env["HOME"];\n`,
    rule: "no-restricted-properties",
  },
];

const results = lint(cases);

test.each(cases.map(({ why, rule }, i) => ({ why, rule, broken: results[i] })))(
  "the lint refuses $why ($rule)",
  ({ rule, broken }) => expect(broken).toContain(rule),
);
