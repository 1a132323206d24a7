import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeEngine } from "../docker/engine.fake.ts";
import { eventually } from "../host/eventually.fake.ts";
import { PlainClient } from "./client.fake.ts";
import { ScratchAgent } from "./scratch-agent.ts";

const engine = new FakeEngine();
engine.images.add("convocate:1");
let agent: ScratchAgent;
let client: PlainClient;

beforeEach(async () => {
  agent = new ScratchAgent({ engine, image: "convocate:1" });
  await agent.open();
  client = await PlainClient.connect(agent);
});
afterEach(async () => {
  client.close();
  await agent.close();
});
const configure = (config: string) => writeFileSync(join(agent.configDir, "config.json"), config);
const startedWith = async () => {
  const { uuid: id } = await client.result("create", { name: "s" });
  await client.result("restart", { id });
  return engine.containers.get(String(id))?.spec;
};

test("settings that are read again count for the next start; the connection stays", async () => {
  expect((await startedWith())?.command).toEqual(["bash", "-lc", "bash"]);
  configure(JSON.stringify({ command: "zsh", limits: { pids: 99 }, dns: ["10.0.0.1"] }));
  await agent.reload();
  expect(await startedWith()).toMatchObject({ command: ["bash", "-lc", "zsh"], pids: 99, dns: ["10.0.0.1"] });
});

test.each([
  ["no JSON", "{"],
  ["a wrong field", JSON.stringify({ command: "zsh", shell: "x" })],
  ["nothing", ""],
])("%s: the settings stay as they were, and the log says what is wrong", async (_, config) => {
  configure(config);
  await agent.reload();
  expect((await startedWith())?.command).toEqual(["bash", "-lc", "bash"]);
  expect(agent.log.text).toMatch(/the settings stay as they were/);
});

test("an agent that is asked to end finishes what it has begun, and begins nothing else", async () => {
  const { uuid: id } = await client.result("create", { name: "s" });
  await client.result("restart", { id });
  let finish = () => {};
  engine.stopping = new Promise<void>((resolve) => (finish = resolve));
  const killing = client.call("kill", { id });
  await eventually(() => engine.stops === 1);
  const ending = agent.stop();
  expect((await client.call("ping")).code).toBe("ending");
  finish();
  expect(await killing).toMatchObject({ ok: true });
  await ending;
});

test("a session that is brought, home and metadata, is listed and starts; one that is taken away is gone", async () => {
  const metadata = (id: string) => join(agent.stateDir, "sessions", `${id}.json`);
  const { uuid: taken } = await client.result("create", { name: "goes", port: 8080 });
  const other = await client.result("create", { name: "stays" });
  renameSync(metadata(String(taken)), metadata(String(taken)).replace(/json$/, "gone"));
  await agent.reload();
  expect((await client.list()).map(({ name }) => name)).toEqual(["stays"]);
  await eventually(() => !existsSync(join(agent.homes, String(taken))));
  expect(readdirSync(join(agent.stateDir, "sessions"))).toEqual([`${String(other["uuid"])}.json`]);

  const brought = "0b0b0b0b-1111-4222-8333-444444444444";
  mkdirSync(join(agent.homes, brought), { mode: 0o700 });
  const when = new Date().toISOString();
  writeFileSync(
    metadata(brought),
    JSON.stringify({ uuid: brought, name: "comes", created_at: when, last_accessed: when, command: "top" }),
  );
  await agent.reload();
  await client.result("restart", { id: brought });
  expect(engine.containers.get(brought)?.spec.command).toEqual(["bash", "-lc", "top"]);
});

test("a running session whose metadata vanished is still told of, and one being made is told of once", async () => {
  const { uuid: id } = await client.result("create", { name: "runs" });
  await client.result("restart", { id });
  renameSync(
    join(agent.stateDir, "sessions", `${String(id)}.json`),
    join(agent.stateDir, "sessions", `${String(id)}.away`),
  );
  await Promise.all([agent.reload(), client.result("create", { name: "made" }), agent.reload()]);
  expect((await client.list()).map(({ name }) => name).sort()).toEqual(["made", "runs"]);
});
