import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { FakeEngine } from "../docker/engine.fake.ts";
import { eventually } from "../host/eventually.fake.ts";
import { PlainClient } from "./client.fake.ts";
import { forged, Importing, packed, summed, type Answer } from "./import-client.fake.ts";
import { ScratchAgent } from "./scratch-agent.ts";
import { uuid } from "./scratch-folder.fake.ts";

jest.setTimeout(60_000);
const engine = new FakeEngine();
engine.images.add("convocate:1");
let agent: ScratchAgent;
let shell: PlainClient;
let source: string;
const id = uuid(1);

beforeEach(async () => {
  agent = new ScratchAgent({ engine, image: "convocate:1" });
  await agent.open();
  shell = await PlainClient.connect(agent, agent.fromShell.privateKey);
  source = join(agent.folder, "source");
  fs.mkdirSync(source);
});
afterEach(async () => {
  shell.close();
  await agent.close();
});

const asked = (more: object = {}) => ({
  id,
  name: "orphan",
  created_at: "2026-01-01T00:00:00.000Z",
  last_accessed: "2026-01-02T00:00:00.000Z",
  bytes: 1_000,
  files: 1,
  ...more,
});
/** What the agent has on its disk: nothing of a failed import may stay. */
const onDisk = () => [
  fs.readdirSync(agent.homes).sort(),
  fs.readdirSync(join(agent.stateDir, "sessions")).sort(),
];
const outside = () => join(agent.folder, "outside");

async function imported(bytes: Buffer, more: object = {}): Promise<Answer> {
  const { importing, answer } = await Importing.ask(shell, asked(more));
  return answer.ok ? importing.send(bytes) : answer;
}
/** Nothing is left of a failed one, and the same one goes well then. */
async function expectClean(before: unknown): Promise<void> {
  await eventually(() => JSON.stringify(onDisk()) === JSON.stringify(before), 20_000);
  fs.writeFileSync(join(source, "again"), "again");
  expect(await imported(summed(packed(source)), { files: count() })).toMatchObject({ ok: true });
}
const count = () =>
  Number(execFileSync("sh", ["-c", "find . -xdev ! -type s -printf x | wc -c"], { cwd: source }));

test("a home comes with its bytes, links, holes and times, belongs to the session's user, and is a session of this agent", async () => {
  const lay = `mkdir -p 'a b/ü' empty; printf 'hello\\n' >'a b/ü/file'; ln 'a b/ü/file' hard; ln -s /etc/passwd link; mkfifo pipe
    truncate -s 64M sparse; chmod 2750 empty; printf x >"$(printf 'new\\nline')"; printf s >suid; chmod 4755 suid; mkdir sealed; printf y >sealed/y
    chmod 555 sealed; touch -d '2001-02-03 04:05:06.789' 'a b/ü/file'; printf '{"uuid":"x","limits":{"pids":1}}' >session.json`;
  execFileSync("bash", ["-ec", lay], { cwd: source });
  const answer = await imported(summed(packed(source)), { files: count(), port: 8080, dns_name: "web" });
  expect(answer).toMatchObject({
    ok: true,
    result: {
      uuid: id,
      name: "orphan",
      port: 8080,
      dns_name: "web",
      created_at: "2026-01-01T00:00:00.000Z",
      last_accessed: "2026-01-02T00:00:00.000Z",
      state: "stopped",
      imported_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    },
  });
  const home = join(agent.homes, id);
  const stat = (name: string) => fs.lstatSync(join(home, name));
  expect(fs.readFileSync(join(home, "hard"), "utf8")).toBe("hello\n");
  expect(stat("hard").ino).toBe(stat("a b/ü/file").ino);
  expect(stat("hard").mtimeMs).toBe(Date.parse("2001-02-03T04:05:06.789Z"));
  expect(fs.readlinkSync(join(home, "link"))).toBe("/etc/passwd");
  expect([stat("sparse").size, stat("sparse").blocks]).toEqual([64 << 20, 0]);
  expect([stat("pipe").isFIFO(), stat("pipe").mode & 0o777]).toEqual([true, 0o644]);
  expect(fs.readFileSync(join(home, "new\nline"), "utf8")).toBe("x");
  // Set-user-ID and set-group-ID bits are not brought along.
  expect([stat("suid").mode & 0o7777, stat("empty").mode & 0o7777, stat("sealed").mode & 0o7777]).toEqual([
    0o755, 0o750, 0o555,
  ]);
  expect([stat("suid").uid, stat("a b").uid, fs.statSync(home).mode & 0o7777]).toEqual([1337, 1337, 0o700]);
  expect(JSON.parse(fs.readFileSync(join(home, "session.json"), "utf8"))).toMatchObject({
    uuid: id,
    name: "orphan",
  });
  expect(fs.readFileSync(join(home, "session.json"), "utf8")).not.toContain("limits");
  expect(onDisk()).toEqual([[id], [`${id}.json`]]);
});

test("from its first start on it is not what came any more, and a clone of it never was", async () => {
  await imported(summed(packed(source)));
  const clone = await shell.result("clone", { source_id: id, name: "twin" });
  expect(clone).not.toHaveProperty("imported_sha256");
  expect(await shell.result("get", { id })).toHaveProperty("imported_sha256");
  await shell.result("restart", { id });
  expect(await shell.result("get", { id })).not.toHaveProperty("imported_sha256");
});

const refusals: [string, () => Promise<object> | object, RegExp, string][] = [
  ["an id that is a path", () => ({ id: "../../etc" }), /id: "..\/..\/etc" is no UUID/, "bad_params"],
  [
    "more than there is room for",
    () => {
      agent.load.diskOf = { total: 100 * 2 ** 30, used: 80 * 2 ** 30 };
      return { bytes: 11 * 2 ** 30 };
    },
    /disk: 11.0 GiB asked, 80.0 of 90.0 GiB in use/,
    "admission_denied",
  ],
  [
    "more files than the disk has room for",
    () => ({ files: 2 ** 50 }),
    /files: .* asked/,
    "admission_denied",
  ],
  [
    "a taken port",
    () => shell.result("create", { name: "x", port: 8080 }).then(() => ({ port: 8080 })),
    /port 8080\/tcp is already assigned/,
    "port_taken",
  ],
  [
    "a taken DNS name",
    () => shell.result("create", { name: "x", dns_name: "web" }).then(() => ({ dns_name: "WEB" })),
    /DNS name "web" is already/,
    "dns_name_taken",
  ],
  ["a name that would act on a terminal", () => ({ name: "\u001b[2J" }), /use letters/, "name_invalid"],
  [
    "the UUID of a session",
    () => shell.result("create", { name: "x" }).then(({ uuid: id }) => ({ id })),
    /has a session with UUID/,
    "uuid_taken",
  ],
  [
    "the UUID of a directory that lies there",
    () => (fs.mkdirSync(join(agent.homes, uuid(2))), { id: uuid(2) }),
    /has a session with UUID/,
    "uuid_taken",
  ],
  [
    "the UUID of a session that is not gone altogether",
    () => (fs.writeFileSync(join(agent.stateDir, "sessions", `${uuid(3)}.gone`), "{}"), { id: uuid(3) }),
    /has a session with UUID/,
    "uuid_taken",
  ],
  [
    "while another operation holds it",
    () => (fs.writeFileSync(join(agent.homes, `${id}.lock`), `${String(process.pid)}\n`), {}),
    /is currently locked/,
    "locked",
  ],
];
test.each(refusals)("refused with the reason, and nothing is touched: %s", async (_, lay, words, code) => {
  const more = await lay();
  const before = onDisk();
  expect(await imported(summed(packed(source)), more)).toEqual({
    ok: false,
    error: expect.stringMatching(words) as string,
    code,
  });
  expect(onDisk()).toEqual(before);
});

test("an operator's own key imports nothing: what lies on the shell host is not theirs alone", async () => {
  const operator = await PlainClient.connect(agent);
  const { answer } = await Importing.ask(operator, asked());
  expect(answer).toMatchObject({ ok: false, code: "not_permitted" });
  operator.close();
});

test("refused with an id, the channel takes requests again, and ends with its client", async () => {
  const refused = JSON.stringify({ op: "import", params: asked({ id: "x" }), id: 1 });
  const ping = JSON.stringify({ op: "ping", id: 2 });
  const both = await shell.exchange(`${refused}\n${ping}\n`, { eof: true });
  expect(
    both
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object),
  ).toMatchObject([
    { id: 1, ok: false, code: "bad_params" },
    { id: 2, ok: true },
  ]);
});

/** Archives that only somebody writes who has a plan. Each is refused, or stays inside. */
const directory = { name: "d", type: "directory" as const };
const forgeries: [string, Parameters<typeof forged>][] = [
  ["a file above the home", [{ name: "../outside/x", content: "evil" }]],
  [
    "a file above the home, by way of a folder inside",
    [directory, { name: "d/../../outside/x", content: "evil" }],
  ],
  [
    "a file behind a link that leads out",
    [
      { name: "a", type: "symlink", linkname: "OUTSIDE" },
      { name: "a/x", content: "evil" },
    ],
  ],
  [
    "a file behind a relative link that leads out",
    [
      directory,
      { name: "d/a", type: "symlink", linkname: "../../../outside" },
      { name: "d/a/x", content: "evil" },
    ],
  ],
  [
    "a file behind a chain of links",
    [
      { name: "a", type: "symlink", linkname: ".." },
      { name: "b", type: "symlink", linkname: "a/.." },
      { name: "b/outside/x", content: "evil" },
    ],
  ],
  [
    "a folder that is a link the second time",
    [directory, { name: "d", type: "symlink", linkname: "OUTSIDE" }, { name: "d/x", content: "evil" }],
  ],
  [
    "a hard link to a file outside",
    [
      { name: "h", type: "link", linkname: "OUTSIDE/y" },
      { name: "h", content: "evil" },
    ],
  ],
  [
    "a hard link to a link, with a file behind it",
    [
      { name: "a", type: "symlink", linkname: "OUTSIDE" },
      { name: "b", type: "link", linkname: "a" },
      { name: "b/x", content: "evil" },
    ],
  ],
  [
    "the same file twice",
    [
      { name: "f", content: "one" },
      { name: "f", content: "two" },
    ],
  ],
  ["a disk", [{ name: "sda", type: "block-device", devmajor: 8, devminor: 0 }]],
  ["memory", [{ name: "mem", type: "character-device", devmajor: 1, devminor: 1 }]],
  ["more files than were told", [{ name: "f" }, { name: "g" }, { name: "h" }]],
];
test.each(forgeries)(
  "a forged archive is refused, leaves nothing here, and reaches nothing outside: %s",
  async (_, entries) => {
    fs.mkdirSync(outside());
    fs.writeFileSync(join(outside(), "y"), "precious");
    const before = onDisk();
    const placed = entries.map(({ linkname, ...entry }) => ({
      ...entry,
      ...(linkname !== undefined && { linkname: linkname.replace("OUTSIDE", outside()) }),
    }));
    const answer = await imported(summed(await forged(...placed)), { files: 2 });
    expect(answer).toMatchObject({ ok: false, code: "copy_failed" });
    expect(answer.error).not.toContain(agent.folder);
    expect(fs.readdirSync(outside())).toEqual(["y"]);
    expect(fs.readFileSync(join(outside(), "y"), "utf8")).toBe("precious");
    await expectClean(before);
  },
);

test("an absolute name stays inside: it is one of the home's own", async () => {
  fs.mkdirSync(outside());
  const name = join(outside(), "x");
  const depth = name.split("/").length;
  const answer = await imported(summed(await forged({ name, content: "evil" })), { files: depth });
  expect(answer).toMatchObject({ ok: true });
  expect(fs.readdirSync(outside())).toEqual([]);
  expect(fs.readFileSync(join(agent.homes, id, name), "utf8")).toBe("evil");
});

function lay(bytes = 3 << 20): Buffer {
  fs.writeFileSync(join(source, "file"), Buffer.alloc(bytes, "x"));
  return packed(source);
}
const flipped = (stream: Buffer): Buffer => {
  const bad = Buffer.from(stream);
  bad.writeUInt8(bad.readUInt8(1 << 20) ^ 1, 1 << 20);
  return bad;
};
const broken: [string, () => Buffer, RegExp][] = [
  ["a byte that changed on the way", () => flipped(summed(lay())), /not what was sent/],
  ["the sum of something else", () => Buffer.concat([lay(), Buffer.alloc(32, 7)]), /not what was sent/],
  ["an end in the middle", () => summed(lay()).subarray(0, 2 << 20), /not what was sent/],
  ["an end after the archive, before its sum", () => lay(), /not what was sent/],
  ["nothing at all", () => Buffer.alloc(0), /not what was sent/],
  ["no archive", () => summed(Buffer.alloc(1 << 20, "text")), /could not be unpacked/],
  [
    "a compressed one, which could be a bomb",
    () => summed(execFileSync("gzip", ["-c"], { input: lay() })),
    /could not be unpacked/,
  ],
];
test.each(broken)("broken off, and clean here: %s", async (_, stream, words) => {
  const before = onDisk();
  const bytes = stream();
  expect(await imported(bytes, { files: count() })).toEqual({
    ok: false,
    error: expect.stringMatching(words) as string,
    code: "copy_failed",
  });
  await expectClean(before);
});

test("more comes than was told: it ends where the room does, not when the disk is full", async () => {
  agent.load.diskOf = { total: 10 << 20, used: 7 << 20 };
  const before = onDisk();
  const answer = await imported(summed(lay(8 << 20)), { files: 2 });
  expect(answer).toMatchObject({ ok: false, code: "admission_denied" });
  agent.load.diskOf = { total: 2 ** 40, used: 0 };
  await expectClean(before);
});

test("the connection is cut in the middle: nothing is left, and the same import goes well then", async () => {
  const before = onDisk();
  const { importing } = await Importing.ask(shell, asked({ files: 2 }));
  const stream = summed(lay());
  await new Promise<void>((resolve) => importing.channel.write(stream.subarray(0, 1 << 20), () => resolve()));
  await eventually(() => fs.existsSync(join(agent.homes, `.moved-${id}`, "home", "file")), 20_000);
  shell.close();
  await eventually(() => JSON.stringify(onDisk()) === JSON.stringify(before), 20_000);
  shell = await PlainClient.connect(agent, agent.fromShell.privateKey);
  await expectClean(before);
});

test("two at once: one of them becomes the session", async () => {
  const [one, two] = await Promise.all([Importing.ask(shell, asked()), Importing.ask(shell, asked())]);
  const stream = summed(packed(source));
  const ends = await Promise.all([one.importing.send(stream), two.importing.send(stream)]);
  expect(ends.filter(({ ok }) => ok)).toHaveLength(1);
  expect(ends.find(({ ok }) => !ok)?.code).toMatch(/^(locked|uuid_taken)$/);
  expect(onDisk()).toEqual([[id], [`${id}.json`]]);
});

test("a port is promised to a home on its way: no session takes it meanwhile", async () => {
  const { importing } = await Importing.ask(shell, asked({ port: 8080 }));
  await eventually(() => fs.existsSync(join(agent.homes, `.moved-${id}`, "home")), 20_000);
  expect(await shell.call("create", { name: "x", port: 8080 })).toMatchObject({
    ok: false,
    code: "port_taken",
  });
  expect(await importing.send(summed(packed(source)))).toMatchObject({ ok: true });
});

test("what a killed agent had unpacked is gone when it comes back, and the import goes well then", async () => {
  await agent.stop();
  shell.close();
  fs.mkdirSync(join(agent.homes, `.moved-${id}`, "home"), { recursive: true });
  fs.writeFileSync(join(agent.homes, `.moved-${id}`, "home", "half"), "h");
  fs.writeFileSync(join(agent.homes, `${id}.lock`), "999999 1\n");
  await agent.start();
  shell = await PlainClient.connect(agent, agent.fromShell.privateKey);
  expect(onDisk()).toEqual([[], []]);
  expect(await imported(summed(packed(source)))).toMatchObject({ ok: true });
});
