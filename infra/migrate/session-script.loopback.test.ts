/** The two ends of a move on one machine, with homes that hold whatever a session's own root may leave in one. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { hostFacts, type HostFacts } from "./plan.ts";
import { actionScript } from "./remote.ts";

jest.setTimeout(120_000);
const uuid = "0b0b0b0b-1111-4222-8333-444444444444";
const isRoot = process.getuid?.() === 0;
const facts = join(import.meta.dirname, "facts.ts");

let folder = "";
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), "move-"));
  for (const end of ["source", "target"]) {
    fs.mkdirSync(join(folder, end, "homes"), { recursive: true });
    fs.mkdirSync(join(folder, end, "state/sessions"), { recursive: true });
  }
  fs.mkdirSync(home());
});
afterEach(() => execFileSync("rm", ["-rf", folder]));

const home = () => join(folder, "source/homes", uuid);
const unpacked = () => join(folder, "target/homes", `.moved-${uuid}`, "home");

/** An action of session.sh in the folders of one end. */
function act(end: "source" | "target", action: string, more: Record<string, string> = {}): string {
  const places = { homes: join(folder, end, "homes"), state: join(folder, end, "state") };
  return actionScript(action, { uuid, ...places, node: process.execPath, ...more });
}

/** Runs it; standard error comes after the output. */
function run(script: string, input?: Buffer): { status: number | null; said: string; output: Buffer } {
  const { status, stdout, stderr } = spawnSync("bash", ["--norc", "-c", script], {
    input,
    maxBuffer: 2 ** 30,
  });
  return { status, said: stderr.toString(), output: stdout };
}

/** In the home, as the session's own root. */
const furnish = (python: string) =>
  execFileSync("python3", ["-c", `import os, socket\n${python}`], {
    cwd: home(),
    stdio: ["ignore", "inherit", "inherit"],
  });

function factsOf(end: "source" | "target"): HostFacts {
  const argv = [facts, uuid, join(folder, end, "homes"), join(folder, end, "state")];
  return hostFacts.parse(JSON.parse(execFileSync(process.execPath, argv, { encoding: "utf8" })));
}

/** Everything that can be seen of a tree, a line each; names and values in a form that shows every byte. */
const tree = `import os, hashlib
for at, folders, files in os.walk(b"."):
    folders.sort()
    for name in sorted([b"."] + folders + files):
        path = os.path.join(at, name); s = os.lstat(path); kind = s.st_mode >> 12
        more = os.readlink(path) if kind == 10 else hashlib.sha256(open(path, "rb").read()).hexdigest() if kind == 8 else ""
        attributes = {n: os.getxattr(path, n, follow_symlinks=False) for n in sorted(os.listxattr(path, follow_symlinks=False))}
        print(path, oct(s.st_mode), s.st_uid, s.st_gid, kind != 4 and (s.st_nlink, s.st_size), s.st_rdev, s.st_mtime_ns, more, attributes)
`;
const treeOf = (at: string) =>
  execFileSync("python3", ["-c", tree], { cwd: at, maxBuffer: 2 ** 28, encoding: "utf8" });

const sum = z.string().regex(/^[0-9a-f]{64} /);

/** Sends and receives; returns what tar said. */
function travel(): void {
  const sent = run(act("source", "send"));
  expect(sent.status).toBe(0);
  const received = run(act("target", "receive"), sent.output);
  expect(received.status).toBe(0);
  expect(sum.parse(received.said)).toBe(sum.parse(sent.said));
  // The count by which the target checks.
  expect(execFileSync("find", [unpacked(), "-xdev", "!", "-type", "s", "-printf", "x"]).length).toBe(
    factsOf("source").files,
  );
}

test("names of any bytes travel: a new line, an escape, no UTF-8, 255 bytes, what looks like an option", () => {
  furnish(`
os.mkdir(b"bad\\xff\\xfe")
for name in [b"bad\\xff\\xfe/new\\nline\\x1b[31m", b"n" * 255, b"-rf", b"--checkpoint-action=exec=sh x", b" ", b"a\\\\n*?"]:
    open(b"./" + name, "w").write("x")`);
  const before = treeOf(home());
  travel();
  expect(treeOf(unpacked())).toBe(before);
});

test("links, holes, pipes, times and attributes travel as they are; a link is not followed, and a socket stays behind", () => {
  furnish(`
open("a", "w").write("hello"); os.link("a", "b"); os.symlink("/etc/shadow", "c"); os.link("c", "d", follow_symlinks=False)
os.symlink("t" * 4095, "long"); os.symlink("..", "up"); os.mkfifo("pipe")
f = open("hole", "w"); f.seek(1 << 40); f.write("end"); f.close()
os.setxattr("a", "user.a=b%3D\\n", b"\\0\\n=x"); os.utime("a", ns=(1, 981173106789012345)); os.chmod("a", 0o4711)
os.mkdir("closed"); open("closed/file", "w").write("x"); os.chmod("closed", 0)
s = socket.socket(socket.AF_UNIX); s.bind("socket"); s.close()`);
  const hole = fs.statSync(join(home(), "hole"));
  fs.rmSync(join(home(), "hole"));
  expect(hole.size).toBe(2 ** 40 + 3);
  travel();
  fs.rmSync(join(home(), "socket"));
  fs.utimesSync(home(), 1, 1);
  fs.utimesSync(unpacked(), 1, 1);
  expect(treeOf(unpacked())).toBe(treeOf(home()));
  expect(fs.readdirSync(unpacked())).not.toContain("socket");
});

test("a file of a terabyte that takes four KiB takes four KiB there, and no time on its way", () => {
  furnish(`f = open("hole", "w"); f.seek(1 << 40); f.write("end")`);
  travel();
  const { size, blocks } = fs.statSync(join(unpacked(), "hole"));
  expect(size).toBe(2 ** 40 + 3);
  expect(blocks * 512).toBeLessThan(2 ** 20);
  expect(execFileSync("tail", ["-c", "3", join(unpacked(), "hole")], { encoding: "utf8" })).toBe("end");
});

(isRoot ? test : test.skip)(
  "what root left travels: owners, set-ID bits, capabilities, access lists, a device that nobody reads",
  () => {
    furnish(`
import struct
for name, owner in [("a", 0), ("b", 1337), ("c", 4000000000)]:
    open(name, "w").write(name); os.chown(name, owner, owner); os.chmod(name, 0o6755)
capability = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0)
os.setxattr("b", "security.capability", capability)
def acl(*entries): return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in entries)
none = 0xffffffff
os.setxattr("a", "system.posix_acl_access", acl((1, 7, none), (2, 5, 1001), (4, 5, none), (16, 5, none), (32, 5, none)))
os.mkdir("folder"); os.setxattr("folder", "system.posix_acl_default", acl((1, 7, none), (2, 7, 1001), (4, 5, none), (16, 7, none), (32, 5, none)))
os.mknod("endless", 0o666 | 0o020000, os.makedev(1, 5))`);
    const before = execFileSync(
      "stat",
      ["-c", "%n %a %u %g %s %Y %t %T", "a", "b", "c", "folder", "endless"],
      { cwd: home(), encoding: "utf8" },
    );
    const attributes = `for n in ["a", "b", "folder"]: print({k: os.getxattr(n, k) for k in sorted(os.listxattr(n))})`;
    const attributesAt = (cwd: string) =>
      execFileSync("python3", ["-c", `import os\n${attributes}`], { cwd, encoding: "utf8" });
    travel();
    expect(
      execFileSync("stat", ["-c", "%n %a %u %g %s %Y %t %T", "a", "b", "c", "folder", "endless"], {
        cwd: unpacked(),
        encoding: "utf8",
      }),
    ).toBe(before);
    expect(attributesAt(home())).toMatch(/posix_acl_access.*security\.capability.*posix_acl_default/s);
    expect(attributesAt(unpacked())).toBe(attributesAt(home()));
  },
);

/** A chain of folders with a file at its end, whose path has so many bytes. */
const deep = (bytes: number) => `
fd = os.open(".", 0); left = ${String(bytes)}
while left > 202:
    os.mkdir("d" * 200, dir_fd=fd); fd, left = os.open("d" * 200, 0, dir_fd=fd), left - 201
os.close(os.open("f" * left, os.O_CREAT | os.O_WRONLY, dir_fd=fd))`;

test("a path may be of four thousand bytes, and a longer one is seen before anything moves", () => {
  furnish(deep(4_000));
  expect(factsOf("source")).toMatchObject({ longest_path: 4_000, files: 21 });
  travel();
  expect(execFileSync("find", [unpacked(), "-type", "f", "-printf", "x"]).length).toBe(1);
  execFileSync("find", [home(), "-mindepth", "1", "-delete"]);
  furnish(deep(20_000));
  expect(factsOf("source")).toMatchObject({ longest_path: 20_000, files: 101 });
});

test("what tar only warns of is a failure: nothing is lost unsaid", () => {
  // So near the kernel's limit tar unpacks the file, and cannot say its name any more to give it an access list.
  furnish(deep(4_093));
  const received = run(act("target", "receive"), run(act("source", "send")).output);
  expect(received.said).toMatch(/tar: .*Cannot set|too long/);
  expect(received.status).not.toBe(0);
  expect(fs.readdirSync(join(folder, "target/homes"))).toEqual([]);
});

test("a hundred thousand names in one folder travel", () => {
  // Most of them links: files of their own take three times as long.
  furnish(`
os.mkdir("many")
for n in range(100000):
    if n % 10 == 0: os.close(os.open("many/%d" % n, os.O_CREAT))
    else: os.link("many/%d" % (n - n % 10), "many/%d" % n)`);
  travel();
  expect(fs.readdirSync(join(unpacked(), "many"))).toHaveLength(100_000);
});

test("a copy of the metadata that is a pipe, a link or a folder holds nobody up", () => {
  for (const made of [
    `os.mkfifo("session.json")`,
    `os.symlink("/etc/passwd", "session.json")`,
    `os.mkdir("session.json")`,
  ]) {
    furnish(made);
    expect(factsOf("source")).toMatchObject({ home: true, copy: null, files: 2 });
    execFileSync("rm", ["-r", join(home(), "session.json")]);
  }
});

test("a time to come is kept, and no reason to stop", () => {
  furnish(`open("f", "w"); os.utime("f", (4e9, 4e9))`);
  travel();
  expect(fs.statSync(join(unpacked(), "f")).mtimeMs).toBe(4e12);
});

test("the same tree gives the same stream, and another time or byte another", () => {
  furnish(`[open("f%d" % n, "w").write("x" * n) for n in range(50)]`);
  const first = run(act("source", "sum")).output.toString();
  execFileSync("cat", [join(home(), "f7")]);
  expect(run(act("source", "sum")).output.toString()).toBe(first);
  fs.utimesSync(join(home(), "f7"), 1, 1);
  expect(run(act("source", "sum")).output.toString()).not.toBe(first);
});

describe("who holds a session", () => {
  /** What root may do on a host and a test may not. */
  const stubs = "systemctl() { :; }; chown() { :; }; docker() { :; };";
  const lock = () => join(folder, "target/homes", `${uuid}.lock`);
  const files = (kind: string) => ({ files: kind, metadata: "{}", sum: "f" });

  /** A hold that says whose it is; resolves when it is let go. */
  async function held(
    patience: string,
  ): Promise<{ holder: string; child: ChildProcess; gone: Promise<unknown> }> {
    const child = spawn("bash", ["--norc", "-c", act("target", "hold", { patience })], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const gone = once(child, "close");
    const [said] = z.tuple([z.instanceof(Buffer)]).parse(await once(child.stdout, "data"));
    return { holder: said.toString().trim(), child, gone };
  }

  test("is let go when he is silent, and what was unpacked goes with him: a connection may never learn that it is dead", async () => {
    const { gone } = await held("1");
    fs.mkdirSync(unpacked(), { recursive: true });
    await gone;
    expect(fs.readdirSync(join(folder, "target/homes"))).toEqual([]);
  });

  test("makes it a session of the target; nobody else does, and he does not once he let go", async () => {
    furnish(`open("f", "w").write("x")`);
    const { holder, child, gone } = await held("60");
    travel();
    const commit = (by: string) => run(act("target", `${stubs} commit`, { holder: by, ...files("2") }));
    expect(commit("1 1")).toMatchObject({ status: 3, said: "the session is not held any more\n" });
    expect(run(act("target", `${stubs} commit`, { holder, ...files("3") })).said).toBe(
      "2 files arrived of 3\n",
    );
    expect(commit(holder)).toMatchObject({ status: 0 });
    expect(fs.existsSync(join(folder, "target/homes", uuid, "f"))).toBe(true);
    child.stdin?.end();
    await gone;
    for (const action of ["release", "keep"])
      expect(run(act("target", `${stubs} ${action}`, { holder }))).toMatchObject({ status: 3 });
    expect(fs.existsSync(join(folder, "target/homes", uuid, "f"))).toBe(true);
  });

  test("completes what an earlier run was killed over: the home is in its place, the marker not yet", async () => {
    furnish(`open("f", "w").write("x")`);
    const { holder, child, gone } = await held("60");
    travel();
    const killed = `${stubs} sync() { [ ! -d "$home" ] || kill -9 $$; }; commit`;
    run(act("target", killed, { holder, ...files("2") }));
    const sessions = join(folder, "target/state/sessions");
    expect(fs.readdirSync(sessions)).toEqual([`${uuid}.making`]);
    // The agent is told, and one that does not run finds it by itself.
    const tell = "systemctl() { [ $1 = reload ] && echo told && return 1; return 3; };";
    expect(run(act("target", `${tell} complete`, { holder: "1 1" }))).toMatchObject({ status: 3 });
    const completed = run(act("target", `${tell} complete`, { holder }));
    expect([completed.status, completed.output.toString()]).toEqual([0, "told\n"]);
    expect(fs.readdirSync(sessions)).toEqual([`${uuid}.json`]);
    expect(fs.existsSync(join(folder, "target/homes", uuid, "f"))).toBe(true);
    child.stdin?.end();
    await gone;
  });

  test("dies while the session is being made of what came: it is made whole before anything is removed", async () => {
    furnish(`[open("f%d" % n, "w").write("x") for n in range(500)]`);
    const { holder, child, gone } = await held("60");
    travel();
    // A disk that takes its time: he is gone before it is done.
    const slow = `${stubs} sync() { echo syncing; for n in $(seq 300); do [ -e "$homes/../go" ] && break; command sleep 0.1; done; }; commit`;
    const commit = spawn("bash", ["--norc", "-c", act("target", slow, { holder, ...files("501") })], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const committed = once(commit, "close");
    await once(commit.stdout, "data");
    child.stdin?.end();
    // Whoever holds would be gone by now, and what was unpacked with him.
    await Promise.race([
      gone,
      once(commit.stdout, "close"),
      new Promise((resolve) => setTimeout(resolve, 500)),
    ]);
    fs.writeFileSync(join(folder, "target/go"), "");
    commit.stdout.resume();
    expect(await committed).toEqual([0, null]);
    await gone;
    expect(fs.readdirSync(join(folder, "target/homes", uuid))).toHaveLength(500);
    expect(fs.existsSync(lock())).toBe(false);
  });
});

/** Streams that no tar of ours makes: a source whose root is somebody else's sends them. */
describe("a stream that wants to write outside of the home", () => {
  const craft = (python: string): Buffer =>
    execFileSync("python3", [
      "-c",
      `import tarfile, io, sys
out = tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.PAX_FORMAT)
def add(name, kind=tarfile.REGTYPE, to="", text=b""):
    t = tarfile.TarInfo(name); t.type = kind; t.linkname = to; t.size = len(text); t.mode = 0o666; out.addfile(t, io.BytesIO(text))
LINK, HARD, DIR, FILE = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.REGTYPE
victim = ${JSON.stringify(join(folder, "victim"))}
${python}
out.close()`,
    ]);

  test.each([
    ["through a link to a folder", `add("d", LINK, victim); add("d/file", text=b"evil")`],
    ["through a link that leads up", `add("d", LINK, "../../../../victim"); add("d/file", text=b"evil")`],
    ["through a link of a link", `add("a", LINK, victim); add("b", LINK, "a"); add("b/file", text=b"evil")`],
    ["over a link to a file", `add("f", LINK, victim + "/file"); add("f", text=b"evil")`],
    ["by a name that leads up", `add("../../../../victim/file", text=b"evil")`],
    ["by an absolute name", `add(victim + "/file", text=b"evil")`],
    ["by a hard link to a file outside", `add("h", HARD, victim + "/file"); add("h", text=b"evil")`],
    ["by a hard link that leads up", `add("h", HARD, "../../../../victim/file"); add("h", text=b"evil")`],
    [
      "by a hard link through a link",
      `add("d", LINK, victim); add("h", HARD, "d/file"); add("h", text=b"evil")`,
    ],
    ["by the mode of what a link leads to", `add("d", LINK, victim); add("d", DIR)`],
    ["by a home that is a link", `add(".", LINK, victim); add("./file", text=b"evil")`],
  ])("%s, does not", (_, python) => {
    const victim = join(folder, "victim");
    fs.mkdirSync(victim, { mode: 0o700 });
    fs.writeFileSync(join(victim, "file"), "good", { mode: 0o600 });
    const before = treeOf(victim);
    run(act("target", "receive"), craft(python));
    expect(treeOf(victim)).toBe(before);
    // Nothing of it came in by another name.
    const inode = fs.statSync(join(victim, "file")).ino;
    expect(execFileSync("find", [join(folder, "target"), "-inum", String(inode)], { encoding: "utf8" })).toBe(
      "",
    );
  });

  test("a stream that ends too soon leaves nothing unpacked", () => {
    furnish(`open("f", "w").write("x" * 100000)`);
    const { output } = run(act("source", "send"));
    expect(run(act("target", "receive"), output.subarray(0, 40_000)).status).not.toBe(0);
    expect(fs.readdirSync(join(folder, "target/homes"))).toEqual([]);
  });
});
