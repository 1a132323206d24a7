import type { Config } from "jest";

/** Packages that ship ES modules only: Jest runs CommonJS, so these are compiled like our own code. */
const esmOnly = ["string-width", "strip-ansi", "ansi-regex", "get-east-asian-width", "commander"];

const project = (name: string, testMatch: string[], ignore: string[] = []): Config => ({
  displayName: name,
  testEnvironment: "node",
  testMatch,
  testPathIgnorePatterns: ["/node_modules/", "/dist/", ...ignore],
  transform: {
    "\\.[cm]?[jt]s$": ["@swc/jest", { jsc: { target: "es2024" }, module: { type: "commonjs" } }],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly.join("|")})/)`],
});

/**
 * unit: pure code and fakes. loopback: real SSH, sockets, processes and the Pulumi engine on 127.0.0.1.
 * lab: real hosts in containers; needs root and a Docker Engine.
 */
const config: Config = {
  projects: [
    project("unit", ["**/*.test.ts"], ["\\.loopback\\.test\\.ts$", "\\.lab\\.test\\.ts$"]),
    project("loopback", ["**/*.loopback.test.ts"]),
    project("lab", ["**/*.lab.test.ts"]),
  ],
};

export default config;
