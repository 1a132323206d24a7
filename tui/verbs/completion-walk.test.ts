import { PassThrough } from "node:stream";
import { localAccess } from "../client/access.ts";
import { candidates } from "./completion-candidates.ts";
import { verbsOf, walk } from "./completion-walk.ts";
import { program } from "./program.ts";

const nowhere = new PassThrough();
const root = program(
  {
    access: localAccess({ socket: "", agentKeys: "", homes: "" }),
    operator: null,
    stdin: nowhere,
    stdout: nowhere,
    stderr: nowhere,
    term: undefined,
    colorterm: undefined,
    colors: false,
  },
  {
    remote: false,
    onTerminal: () => {},
    places: {
      socket: "/s",
      agentKeys: "/k",
      homes: "/h",
      via: undefined,
      ssh: ["ssh"],
      agentSocket: undefined,
    },
    list: () => Promise.resolve(),
  },
);

const wantedAt = (...words: string[]) => walk(root, words.slice(0, -1), words.at(-1) ?? "").wanted;

test("first the verbs that people see, also behind options of the root", () => {
  expect(wantedAt("")).toEqual({ kind: "verbs" });
  expect(wantedAt("--socket", "/x", "")).toEqual({ kind: "verbs" });
  expect(wantedAt("--socket=/x", "l")).toEqual({ kind: "verbs" });
  expect(wantedAt("help", "")).toEqual({ kind: "verbs" });
  const names = verbsOf(root).map((verb) => verb.name());
  expect(names).toEqual(expect.arrayContaining(["ls", "attach", "doctor", "completion", "help"]));
  expect(names).not.toContain("complete");
  expect(names).not.toContain("relay");
});

test("an argument or an option's value is what its placeholder names", () => {
  const session = { kind: "value", source: "session", choices: [], prefix: "" };
  expect(wantedAt("kill", "")).toEqual(session);
  expect(wantedAt("kill", "--json", "a")).toEqual(session);
  expect(wantedAt("kill", "--", "-")).toEqual(session);
  expect(wantedAt("clone", "a", "")).toEqual({ ...session, source: null });
  expect(wantedAt("kill", "a", "")).toEqual({ kind: "nothing" });
  expect(wantedAt("ls", "--agent", "")).toEqual({ ...session, source: "agent" });
  expect(wantedAt("ls", "--agent=x")).toEqual({ ...session, source: "agent", prefix: "--agent=" });
  expect(wantedAt("new", "--agent", "")).toEqual({ ...session, source: "agent", choices: ["auto"] });
  expect(wantedAt("edit", "--protocol", "")).toEqual({ ...session, source: null, choices: ["tcp", "udp"] });
  expect(wantedAt("edit", "--port", "")).toEqual({ ...session, source: null, choices: ["auto", "none"] });
  expect(wantedAt("completion", "")).toEqual({ ...session, source: null, choices: ["bash", "zsh", "fish"] });
  expect(wantedAt("new", "--command", "")).toEqual({ ...session, source: null });
  expect(wantedAt("ls", "--identity", "")).toEqual({ ...session, source: "file" });
  expect(wantedAt("ls", "--json=")).toEqual({ kind: "nothing" });
  expect(wantedAt("bogus", "")).toEqual({ kind: "nothing" });
});

test("what was given before the cursor is known: where the fleet is, and of which agent", () => {
  const { given } = walk(root, ["--via", "a@b", "kill", "--agent=c", "--json"], "");
  expect(given).toEqual({ via: "a@b", agent: "c" });
});

test.each(verbsOf(root).map((verb) => [verb.name(), verb]))(
  "%s: its options and those of the root are offered, each once",
  async (name, verb) => {
    const answer = await candidates(root, walk(root, [name], "-"), "-", () => Promise.resolve(null));
    const offered = answer === "files" ? [] : answer.map(({ value }) => value);
    const known = [...verb.options, ...root.options].map(({ long }) => long);
    expect(offered.sort()).toEqual([...known, "--help"].sort());
  },
);
