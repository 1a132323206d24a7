import { repoFolder, workingFolder } from "./seed.ts";
import { checkLimits, checkSeed } from "./validation.ts";

test.each([
  ["https://git.example/team/app.git", "app"],
  ["https://git.example/team/app/", "app"],
  ["git@git.example:team/app.git", "app"],
  ["git@git.example:app", "app"],
  ["ssh://git@git.example:2222/~me/app.git", "app"],
])("%s is cloned into %s", (repo, folder) => {
  checkSeed({ repo });
  expect(repoFolder(repo)).toBe(folder);
  expect(workingFolder("/home/convocate", { repo })).toBe(`/home/convocate/${folder}`);
});

test("without a repository a session starts in its home", () => {
  checkSeed({});
  expect(workingFolder("/home/convocate", {})).toBe("/home/convocate");
});

test.each([
  "--upload-pack=touch /tmp/x",
  "ext::sh -c touch% /tmp/x",
  "file:///etc",
  "/etc",
  "https://git.example/$(id)",
  "https://git.example/..",
  "https://git.example/a b",
  "git@git.example:a\nb",
  "-o@git.example:x",
  "https://",
])("%j is no repository", (repo) => {
  expect(() => checkSeed({ repo })).toThrow(/^decode params: repo: ".*" is no repository: use https:/s);
});

test.each(["-b", "a..b", "a b", "a\n", "$(id)", "x".repeat(257)])("%j is no branch", (branch) => {
  expect(() => checkSeed({ repo: "https://git.example/a", branch })).toThrow(/^decode params: branch: /);
});

test("a branch of nothing is refused", () => {
  expect(() => checkSeed({ branch: "main" })).toThrow("branch: a branch needs a repo");
});

test.each([{ memory_bytes: 1 }, { cpus: 0.001 }, { pids: 1 }])(
  "%j is too little for any session",
  (limits) => {
    expect(() => checkLimits(limits)).toThrow(
      /^decode params: limits\.\w+: .* is less than .*: ask for more$/,
    );
  },
);
