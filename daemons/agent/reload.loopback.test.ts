import { writeFileSync } from "node:fs";
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
