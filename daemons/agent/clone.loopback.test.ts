import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeEngine } from "../docker/engine.fake.ts";
import { PlainClient } from "./client.fake.ts";
import { ScratchAgent } from "./scratch-agent.ts";

const engine = new FakeEngine();
engine.images.add("convocate:1");
const agent = new ScratchAgent({ engine, image: "convocate:1" });
let client: PlainClient;
let source: string;

beforeAll(async () => {
  await agent.open();
  client = await PlainClient.connect(agent);
});
afterAll(async () => {
  client.close();
  await agent.close();
});
beforeEach(async () => {
  const asked = {
    name: "source",
    port: -1,
    dns_name: `s${String(Math.random()).slice(2)}`,
    command: "top",
    labels: { team: "a" },
  };
  source = String((await client.result("create", asked))["uuid"]);
  mkdirSync(join(agent.homes, source, "work"));
  writeFileSync(join(agent.homes, source, "work", "notes"), "kept");
});
const refused = async (params: object) => {
  const before = [await client.list(), readdirSync(agent.homes).sort()];
  const { ok, error, code } = await client.call("clone", params);
  expect([ok, await client.list(), readdirSync(agent.homes).sort()]).toEqual([false, ...before]);
  return [code, error];
};

test("a clone has the home and the settings of its source, a name of its own, no port and no DNS name", async () => {
  const clone = await client.result("clone", { source_id: source, name: "copy" });
  expect(clone).toEqual({
    uuid: expect.not.stringMatching(source) as string,
    name: "copy",
    created_at: clone["created_at"],
    last_accessed: clone["created_at"],
    protocol: "tcp",
    command: "top",
    labels: { team: "a" },
    agent_id: "scratch",
    state: "stopped",
    state_since: clone["created_at"],
  });
  const home = join(agent.homes, String(clone["uuid"]));
  expect(readFileSync(join(home, "work", "notes"), "utf8")).toBe("kept");
  expect(JSON.parse(readFileSync(join(home, "session.json"), "utf8"))).toMatchObject({ uuid: clone["uuid"] });
  await client.result("delete", { id: source });
  await client.result("restart", { id: clone["uuid"] });
  expect(engine.containers.get(String(clone["uuid"]))?.running).toBe(true);
});

test("a running session is not copied: its files would be of no one moment", async () => {
  await client.result("restart", { id: source });
  expect(await refused({ source_id: source, name: "copy" })).toEqual([
    "running",
    'session "source" is running: kill it, then clone it',
  ]);
});

test("nothing is made of a source that is not there, is locked, or of a wrong name", async () => {
  expect(await refused({ source_id: "../etc", name: "x" })).toEqual([
    "not_found",
    'session "../etc" does not exist',
  ]);
  expect(await refused({ source_id: source, name: "" })).toEqual([
    "name_invalid",
    "session name cannot be empty",
  ]);
  writeFileSync(join(agent.homes, `${source}.lock`), `${String(process.pid)}\n`);
  expect(await refused({ source_id: source, name: "x" })).toEqual([
    "locked",
    `session "${source}" is currently locked (in use)`,
  ]);
});

test("the source cannot be started, edited or deleted while it is being copied", async () => {
  const others = ["restart", "edit", "delete"] as const;
  const cloning = client.call("clone", { source_id: source, name: "copy" });
  const codes = await Promise.all(
    others.map(
      async (op) => (await client.call(op, { id: source, ...(op === "edit" && { name: "x" }) })).code,
    ),
  );
  expect((await cloning).ok).toBe(true);
  // Whoever came first won; nobody got in between.
  expect(codes.filter((code) => code !== "locked" && code !== undefined)).toEqual([]);
});
