// The import rules of the house: arrows point one way (CONTRIBUTING.md draws them), and this file enforces them.
import eslint from "@eslint/js";
import { createTypeScriptImportResolver } from "eslint-import-resolver-typescript";
import { importX } from "eslint-plugin-import-x";
import prettier from "eslint-config-prettier";
import tseslint from "typescript-eslint";

/** Nothing under `target` may import anything under `from`, but for `except` (folders relative to `from`). */
const forbid = (target, from, message) => ({
  target: `./${target}`,
  from: from.map((f) => `./${f}`),
  message,
});

const zones = [
  forbid("protocol", ["daemons", "infra", "tui", "lab", "bench", "campaigns"], "protocol/ imports zod only"),
  forbid(
    "daemons",
    ["infra", "tui", "lab", "bench", "campaigns"],
    "daemons meet the rest over the wire: use protocol/",
  ),
  forbid(
    "tui",
    ["daemons", "infra", "lab", "bench", "campaigns"],
    "tui meets the rest over the wire: use protocol/",
  ),
  forbid(
    "infra",
    ["daemons", "tui", "lab", "bench", "campaigns"],
    "infra ships daemons as artifacts, it does not import them",
  ),
  forbid("daemons/agent", ["daemons/status"], "the two daemons meet over SSH only"),
  forbid("daemons/status", ["daemons/agent", "daemons/docker"], "the two daemons meet over SSH only"),
  ...["ssh", "docker", "host"].map((kit) =>
    forbid(`daemons/${kit}`, ["daemons/agent", "daemons/status"], "a kit knows nothing of its users"),
  ),
  forbid("infra/cli", ["infra/components"], "the CLI runs the program as a local program"),
  forbid("infra/steps", ["infra/components", "infra/cli"], "steps are below components"),
  forbid("infra/config", ["infra/components", "infra/steps", "infra/cli"], "config is at the bottom"),
  forbid("infra/components", ["infra/cli"], "components never know the CLI"),
  forbid("tui/state", ["tui/render", "tui/screens", "tui/client"], "state does no I/O and no drawing"),
  forbid("tui/render", ["tui/screens", "tui/client"], "rendering is pure: state to lines"),
  forbid("tui/client", ["tui/screens", "tui/render"], "the client draws nothing"),
];

const onlyFrom = (name, message) => ({ name, message });
const terminalKit = onlyFrom("terminal-kit", "only tui/screens touches the terminal");
const dockerode = onlyFrom("dockerode", "only daemons/docker talks to the engine");

const processRules = ["env", "exit"].map((property) => ({
  object: "process",
  property,
  message: "only main.ts files and infra/index.ts read the environment or exit",
}));

export default tseslint.config(
  { ignores: ["dist/", "node_modules/"] },
  eslint.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked],
    plugins: { "import-x": importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: {
      ...importX.flatConfigs.typescript.settings,
      "import-x/resolver-next": [createTypeScriptImportResolver()],
    },
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "import-x/no-cycle": "error",
      "import-x/no-restricted-paths": ["error", { zones }],
      "max-lines": ["error", 400],
      "max-params": ["error", 4],
      "no-restricted-imports": ["error", { paths: [terminalKit, dockerode] }],
      "no-restricted-properties": ["error", ...processRules],
    },
  },
  {
    files: ["infra/start.js"],
    languageOptions: { globals: { URL: "readonly", console: "readonly", process: "readonly" } },
  },
  {
    files: ["infra/artifacts/absent.cjs"],
    languageOptions: { globals: { module: "writable" } },
  },
  {
    files: ["protocol/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [{ regex: "^(?!\\.|zod$|node:)", message: "protocol/ imports zod only" }] },
      ],
    },
  },
  {
    files: ["tui/screens/**/*.ts"],
    rules: { "no-restricted-imports": ["error", { paths: [dockerode] }] },
  },
  {
    files: ["daemons/docker/**/*.ts"],
    rules: { "no-restricted-imports": ["error", { paths: [terminalKit] }] },
  },
  {
    files: [
      "**/main.ts",
      "infra/index.ts",
      "script/suite.ts",
      "infra/toolchain/scratch-project.ts",
      "infra/image/push.ts",
      "lab/test-fleet.ts",
      "**/*.test.ts",
      "bench/**/*.ts",
      "campaigns/**/*.ts",
      "jest.config.ts",
    ],
    rules: { "no-restricted-properties": "off" },
  },
  {
    files: ["**/*.test.ts"],
    rules: { "@typescript-eslint/unbound-method": "off" },
  },
  {
    // A test on real hosts puts together what ships apart.
    files: ["**/*.lab.test.ts"],
    rules: { "import-x/no-restricted-paths": "off" },
  },
  prettier,
);
