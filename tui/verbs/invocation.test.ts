import { readInvocation } from "./invocation.ts";
import { splitWords } from "./words.ts";

test("by hand: the list, or a verb", () => {
  expect(readInvocation([], undefined)).toEqual({ kind: "tui", operator: null });
  expect(readInvocation(["ls", "--json"], undefined)).toMatchObject({
    words: ["ls", "--json"],
    remote: false,
  });
});

test("as a login shell: `-c LINE` is a verb from outside; the program's own name may stand in front", () => {
  expect(readInvocation(["-c", "ls --json"], undefined)).toMatchObject({
    words: ["ls", "--json"],
    remote: true,
  });
  expect(readInvocation(["-c", "convocate new 'my work'"], undefined)).toMatchObject({
    words: ["new", "my work"],
  });
  expect(readInvocation(["-c", ""], undefined)).toMatchObject({ kind: "tui" });
});

test("as a forced command: the operator is the key's, the verb what they asked for", () => {
  const forced = ["login", "--operator", "alice"];
  expect(readInvocation(forced, undefined)).toEqual({ kind: "tui", operator: "alice" });
  expect(readInvocation(forced, "ls --json")).toEqual({
    kind: "verb",
    operator: "alice",
    remote: true,
    words: ["ls", "--json"],
  });
  // sshd hands a forced command to the login shell, which is this program too.
  const line = "/opt/convocate/bin/convocate login --operator alice";
  expect(readInvocation(["-c", line], "rm x")).toMatchObject({ operator: "alice", words: ["rm", "x"] });
});

test("nobody becomes somebody else by asking, and a malformed login is a usage error", () => {
  expect(() => readInvocation(["login", "--operator", "alice"], "login --operator bob")).toThrow(
    "login is for authorized_keys only",
  );
  expect(() => readInvocation(["login", "--operator", "a b"], undefined)).toThrow(/--operator NAME/);
});

test("words are split as a shell does, and nothing is expanded", () => {
  expect(splitWords(`new 'my work' "a \\"b\\"" c\\ d --x=$HOME;ls`)).toEqual([
    "new",
    "my work",
    'a "b"',
    "c d",
    "--x=$HOME;ls",
  ]);
  expect(splitWords(`  ''  `)).toEqual([""]);
  expect(() => splitWords("new 'x")).toThrow(/not closed/);
});
