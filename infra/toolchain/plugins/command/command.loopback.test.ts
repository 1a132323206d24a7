import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { forgetPendingOperations } from "../../pending-operations.ts";
import { ScratchProject } from "../../scratch-project.ts";
import { removeStaleLocks } from "../../stale-locks.ts";
import { FakeSshd, keyPair } from "./sshd.fake.ts";

jest.setTimeout(120_000);

const project = new ScratchProject();
const sshd = new FakeSshd();
let port = 0;

beforeAll(async () => {
  port = await sshd.listen();
  await project.open();
});
afterAll(async () => {
  await sshd.close();
  project.close();
});
beforeEach(() => {
  sshd.commands.length = 0;
});

/** A program with `body`, in which `connection` reaches the fake. */
const program = (body: string, more: Record<string, unknown> = {}) => `
  import { local, remote } from "@pulumi/command";
  import * as pulumi from "@pulumi/pulumi";
  const connection = ${JSON.stringify({ host: "127.0.0.1", port, user: "root", privateKey: sshd.userKey.privateKey, hostKey: sshd.hostKey.publicKey, dialErrorLimit: 2, ...more })};
  ${body}`;

const command = (args: string) =>
  program(
    `new remote.Command("c", { connection, addPreviousOutputInEnv: false, logging: "none", ${args} });`,
  );
const stored = async (name: string) =>
  (await project.resources()).find(({ urn }) => urn.endsWith(`::${name}`));

test("create, no change, update, replace, delete: each runs what the official plugin runs", async () => {
  const start = `create: "echo made; echo aside >&2", update: "echo changed; cat", delete: "echo gone"`;
  await project.up(command(`${start}, stdin: "1"`));
  expect(sshd.commands).toEqual(["echo made; echo aside >&2"]);
  const made = await stored("c");
  expect(made?.id).toMatch(/^c[0-9a-f]{8}$/);
  expect(made?.outputs).toMatchObject({ stdout: "made", stderr: "aside" });

  const same = await project.up(command(`${start}, stdin: "1"`));
  expect(same.output).toMatch(/Resources:\s+\d+ unchanged/);
  expect(sshd.commands).toHaveLength(1);

  await project.up(command(`${start}, stdin: "2"`));
  expect(sshd.commands.slice(1)).toEqual(["echo changed; cat"]);
  expect((await stored("c"))?.outputs).toMatchObject({ stdout: "changed\n2" });

  await project.up(command(`${start}, stdin: "2", triggers: ["x"]`));
  expect(sshd.commands.slice(2)).toEqual(["echo made; echo aside >&2", "echo gone"]);
  expect((await stored("c"))?.id).not.toBe(made?.id);

  await project.up(program(""));
  expect(sshd.commands.slice(4)).toEqual(["echo gone"]);
});

test("a resource with only a delete connects nowhere until it is deleted, and then with what the state holds", async () => {
  const before = sshd.connections;
  await project.up(command(`delete: "cat", stdin: "farewell"`));
  expect(sshd.connections).toBe(before);
  await project.up(program(""));
  expect(sshd.commands).toEqual(["cat"]);
});

test("secrets reach the command and never the plaintext of the state or the engine's output", async () => {
  const run = await project.up(command(`create: "sha256sum", stdin: pulumi.secret("hunter2")`));
  expect((await stored("c"))?.outputs?.["stdout"]).toMatch(/^f52fbd32b2b3b86ff88ef6c490628285/);
  for (const secret of ["hunter2", "PRIVATE KEY", sshd.userKey.privateKey.split("\n")[2] ?? "?"]) {
    expect(project.state).not.toContain(secret);
    expect(run.output).not.toContain(secret);
  }
});

test("a failed command shows status, command and output, stores nothing new, and the next up runs it again", async () => {
  await project.up(program(""));
  const failed = await project.up(command(`create: "echo out; echo err >&2; exit 3"`));
  expect(failed.code).not.toBe(0);
  expect(failed.output).toContain('Process exited with status 3: running "echo out; echo err >&2; exit 3"');
  expect(failed.output).toMatch(/err\s+out/);
  expect(await stored("c")).toBeUndefined();
  const killed = await project.up(command(`create: "kill -9 $$"`));
  expect(killed.output).toContain("from signal KILL");
  expect((await project.up(command(`create: "echo a"`))).code).toBe(0);
});

test("a host with another key than the pinned one gets no command", async () => {
  await project.up(program(""));
  sshd.commands.length = 0;
  const body = `new remote.Command("c", { connection, create: "echo pwned" });`;
  const run = await project.up(program(body, { hostKey: keyPair().publicKey }));
  expect(run.output).toContain("after 2 failed attempts: ssh: handshake failed: ssh: host key mismatch");
  expect(sshd.commands).toEqual([]);
});

test("a dead host fails by itself, in bounded time, and the other resources are made", async () => {
  const closed = createServer();
  const free = await new Promise<number>((resolve) =>
    closed.listen(0, "127.0.0.1", () => {
      const address = closed.address();
      closed.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    }),
  );
  const body = `new remote.Command("dead", { connection: { ...connection, port: ${String(free)} }, create: "true" });
    new remote.Command("alive", { connection, create: "echo alive" });`;
  const run = await project.up(program(body));
  expect(run.output).toContain(
    `after 2 failed attempts: dial tcp 127.0.0.1:${String(free)}: connect: connection refused`,
  );
  expect((await stored("alive"))?.outputs?.["stdout"]).toBe("alive");
  expect(await stored("dead")).toBeUndefined();
});

test("an environment that sshd refuses is an error; one that it accepts arrives", async () => {
  await project.up(program(""));
  const refused = await project.up(command(`create: "echo $X_A", environment: { X_A: "1" }`));
  expect(refused.output).toContain('could not set environment variable "X_A": ssh: setenv failed');
  sshd.acceptEnv.add("X_B");
  await project.up(command(`create: "echo $X_B", environment: { X_B: "yes" }`));
  expect((await stored("c"))?.outputs?.["stdout"]).toBe("yes");
});

test("a line longer than 64 KB hangs nothing", async () => {
  await project.up(
    program(
      `new remote.Command("long", { connection, logging: "none", create: "head -c 300000 /dev/zero | tr '\\\\0' x" });`,
    ),
  );
  expect((await stored("long"))?.outputs?.["stdout"]).toHaveLength(300_000);
});

test("a cancelled run ends its command and leaves no half state", async () => {
  await project.up(program(""));
  project.write("index.ts", command(`create: "echo started; sleep 100"`));
  const engine = project.start("up", "--yes", "--skip-preview");
  const ended = new Promise((resolve) => engine.on("close", resolve));
  while (!sshd.commands.includes("echo started; sleep 100"))
    await new Promise((resolve) => setTimeout(resolve, 50));
  engine.kill("SIGINT");
  await ended;
  expect(await stored("c")).toBeUndefined();
  expect((await project.up(command(`create: "echo after"`))).code).toBe(0);
});

/** Ids of the programs that work in a folder. Their language host is the engine's own, and ends within minutes. */
const processesIn = (folder: string): string[] =>
  readdirSync("/proc").filter((pid) => {
    try {
      const commandLine = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      return readlinkSync(`/proc/${pid}/cwd`) === folder && !commandLine.includes("pulumi-language-nodejs");
    } catch {
      return false; // it has just ended
    }
  });

test("after an engine that was killed the next run goes on, and nothing of the first one runs on", async () => {
  await project.up(program(""));
  const mark = join(project.folder, "began");
  const ends = `import { endWithEngine } from ${JSON.stringify(join(import.meta.dirname, "../../parent.ts"))};\nendWithEngine(() => process.exit(1));\n`;
  project.write(
    "index.ts",
    ends +
      program(
        `new local.Command("k", { create: "echo $$ >${mark}.new; mv ${mark}.new ${mark}; exec sleep 1000" });`,
      ),
  );
  const engine = project.start("up", "--yes", "--skip-preview");
  const ended = new Promise((resolve) => engine.on("exit", resolve));
  while (!existsSync(mark)) await new Promise((resolve) => setTimeout(resolve, 50));
  engine.kill("SIGKILL");
  await ended;
  while (processesIn(project.folder).length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  const status = `/proc/${readFileSync(mark, "utf8").trim()}/stat`;
  while (existsSync(status) && !/\) Z /.test(readFileSync(status, "utf8")))
    await new Promise((resolve) => setTimeout(resolve, 50));
  const said: string[] = [];
  await removeStaleLocks(project.folder, (line) => said.push(line));
  forgetPendingOperations(project.folder, (line) => said.push(line));
  expect(said).toEqual([
    expect.stringContaining("its lock is removed"),
    "stack test: 1 operations of a killed engine are done again where needed",
  ]);
  const next = await project.up(program(`new local.Command("k", { create: "echo after" });`));
  expect(next.code).toBe(0);
  expect(next.output).not.toContain("pending");
  expect((await stored("k"))?.outputs?.["stdout"]).toBe("after");
});

test("files and folders are copied over SFTP; changed content is copied again, triggers replace", async () => {
  const source = join(project.folder, "source");
  mkdirSync(join(source, "sub"), { recursive: true });
  writeFileSync(join(source, "sub/file"), "one");
  const target = join(project.folder, "target");
  const copy = (triggers = "") =>
    program(`new remote.CopyToRemote("copy", { connection, remotePath: "${target}/deep/file", source: new pulumi.asset.FileAsset("${source}/sub/file"), triggers: [${triggers}] });
      new remote.CopyToRemote("folder", { connection, remotePath: "${target}/all", source: new pulumi.asset.FileArchive("${source}/") });`);
  await project.up(copy());
  const id = (await stored("copy"))?.id;
  expect(id).toMatch(/^[0-9a-f]{8}$/);
  expect(readFileSync(join(target, "deep/file"), "utf8")).toBe("one");
  expect(existsSync(join(target, "all/sub/file"))).toBe(true);
  writeFileSync(join(source, "sub/file"), "two");
  await project.up(copy());
  expect(readFileSync(join(target, "deep/file"), "utf8")).toBe("two");
  expect((await stored("copy"))?.id).toBe(id);
  await project.up(copy(`"new host"`));
  expect((await stored("copy"))?.id).not.toBe(id);
});

test("a copy whose connection ends in its middle is an error, not a wait without end", async () => {
  const source = join(project.folder, "large");
  writeFileSync(source, Buffer.alloc(5_000_000));
  const copy = program(
    `new remote.CopyToRemote("large", { connection, remotePath: "${join(project.folder, "copied")}", source: new pulumi.asset.FileAsset("${source}") });`,
  );
  sshd.copyLimit = 1_000_000;
  const { code, output } = await project.up(copy);
  sshd.copyLimit = null;
  expect(code).not.toBe(0);
  expect(output).toMatch(/connection lost while copying|No response from server/);
  expect((await project.up(copy)).code).toBe(0);
});

test("a local command gets its input, and its output is stored", async () => {
  await project.up(program(`new local.Command("l", { create: "cat; echo !", stdin: "here" });`));
  expect((await stored("l"))?.outputs?.["stdout"]).toBe("here!");
  const failed = await project.up(program(`new local.Command("l2", { create: "exit 4" });`));
  expect(failed.output).toContain('Process exited with status 4: running "exit 4"');
});
