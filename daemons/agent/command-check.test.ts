import { programOf } from "./command-check.ts";

test.each([
  ["claude --dangerously-skip-permissions", "claude"],
  ["  bash", "bash"],
  ["read line; exit 7", "read"],
  ["true; exit 1", "true"],
  ["true;", "true"],
  ["/usr/bin/env bash", "/usr/bin/env"],
  ["g++ x.c", "g++"],
])("%j starts %j", (command, program) => {
  expect(programOf(command)).toBe(program);
});

test.each([
  "A=1 bash",
  "$SHELL",
  "./run.sh",
  "~/bin/x",
  "/home/convocate/x",
  '"my program"',
  "(bash)",
  "",
  "-x",
])("what %j starts only the session's own shell can know", (command) => {
  expect(programOf(command)).toBeNull();
});
