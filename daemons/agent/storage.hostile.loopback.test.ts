/** What a session's own root can lay in its home, and what somebody on the host can lay beside it. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { FakeEngine } from "../docker/engine.fake.ts";
import { PlainClient } from "./client.fake.ts";
import { ScratchAgent } from "./scratch-agent.ts";
import { sample, uuid } from "./scratch-folder.fake.ts";

const engine = new FakeEngine();
engine.images.add("convocate:1");
let agent: ScratchAgent;
let client: PlainClient;
let id: string;

beforeEach(async () => {
  agent = new ScratchAgent({ engine, image: "convocate:1" });
  await agent.open();
  client = await PlainClient.connect(agent);
  id = String((await client.result("create", { name: "mine", port: 4000 }))["uuid"]);
});
afterEach(async () => {
  client.close();
  await agent.close();
});

const home = () => join(agent.homes, id);
const copy = () => join(home(), "session.json");
const precious = () => join(agent.folder, "precious");
async function startAgain(): Promise<void> {
  client.close();
  await agent.stop();
  await agent.start();
  client = await PlainClient.connect(agent);
}
/** A folder of somebody else's, with a file in it. */
function layPrecious(): void {
  fs.mkdirSync(precious());
  fs.writeFileSync(join(precious(), "file"), "keep me");
}
const expectPrecious = () => {
  expect(fs.readdirSync(precious())).toEqual(["file"]);
  expect(fs.readFileSync(join(precious(), "file"), "utf8")).toBe("keep me");
};

/** What the session's root puts in the place of its session.json. */
const traps: [string, () => void][] = [
  ["a FIFO that nobody writes to", () => execFileSync("mkfifo", [copy()])],
  ["a link to somebody else's file", () => fs.symlinkSync(join(precious(), "file"), copy())],
  ["a link to itself", () => fs.symlinkSync("session.json", copy())],
  ["a sparse GiB", () => execFileSync("truncate", ["-s", "1G", copy()])],
  ["a folder", () => fs.mkdirSync(copy())],
  ["a claim to another name, port and limits", () => claim(id)],
];
function claim(of: string): void {
  const wished = {
    name: "root",
    port: 22,
    limits: { memory_bytes: 2 ** 50, pids: 10 ** 6 },
    command: "evil",
  };
  fs.writeFileSync(join(agent.homes, of, "session.json"), JSON.stringify({ ...sample(1, wished), uuid: of }));
}

test.each(traps)(
  "session.json in the home is %s: a daemon that starts, an edit, a start and a delete go as ever",
  async (_what, lay) => {
    layPrecious();
    fs.rmSync(copy());
    lay();
    await startAgain();
    expect(await client.list()).toMatchObject([{ uuid: id, name: "mine", port: 4000 }]);
    await client.result("edit", { id, name: "edited", port: 4001 });
    expect(await client.result("get", { id })).toMatchObject({ name: "edited", port: 4001 });
    await client.result("restart", { id });
    const { spec } = engine.containers.get(id) ?? {};
    expect(spec?.ports).toEqual([{ port: 4001, protocol: "tcp" }]);
    expect(JSON.stringify(spec)).not.toMatch(/evil|1125899906842624|1000000/);
    await client.result("delete", { id });
    expect(fs.existsSync(home())).toBe(false);
    expectPrecious();
  },
);

test("a home whose metadata is lost keeps its name and port from the copy, and what the copy claims beyond that is not granted", async () => {
  claim(id);
  fs.rmSync(join(agent.stateDir, "sessions", `${id}.json`));
  await startAgain();
  const adopted = await client.result("get", { id });
  expect(adopted).toMatchObject({ name: "root", port: 22 });
  expect(JSON.stringify(adopted)).not.toMatch(/evil|1125899906842624/);
  await client.result("restart", { id });
  expect(JSON.stringify(engine.containers.get(id)?.spec)).not.toMatch(/evil|1125899906842624|1000000/);
});

test("a link named like a session's home is neither adopted nor swept", async () => {
  layPrecious();
  fs.symlinkSync(precious(), join(agent.homes, uuid(7)));
  fs.symlinkSync(precious(), join(agent.homes, `.gone-${uuid(8)}`));
  await startAgain();
  expect(await client.list()).toHaveLength(1);
  expect((await client.call("delete", { id: uuid(7) })).code).toBe("not_found");
  expectPrecious();
});

test("a home that was replaced by a link: what it points to is not started, not copied and not deleted", async () => {
  layPrecious();
  fs.rmSync(home(), { recursive: true });
  fs.symlinkSync(precious(), home());
  await startAgain();
  expect((await client.call("restart", { id })).code).toBe("home_missing");
  expect((await client.call("clone", { source_id: id, name: "copy" })).code).toBe("home_missing");
  expect(await client.list()).toHaveLength(1);
  await client.result("delete", { id });
  expect(fs.existsSync(home())).toBe(false);
  expectPrecious();
});

test("links inside a home are deleted, not what they point to", async () => {
  layPrecious();
  fs.symlinkSync(precious(), join(home(), "link"));
  fs.symlinkSync("/", join(home(), "host"));
  await client.result("delete", { id });
  expectPrecious();
});

test("metadata that says it is of another session is set aside and told, and the others are served", async () => {
  const { uuid: other } = await client.result("create", { name: "other" });
  const file = join(agent.stateDir, "sessions", `${id}.json`);
  fs.writeFileSync(file, JSON.stringify(sample(9)));
  await startAgain();
  const listed = await client.list();
  expect(listed.map(({ uuid }) => uuid)).toContain(other);
  expect(listed.map(({ uuid }) => uuid)).not.toContain(uuid(9));
  expect(agent.log.text).toContain("broken session metadata");
});
