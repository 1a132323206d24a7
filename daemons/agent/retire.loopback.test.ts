import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agentFiles } from "../../protocol/config.ts";
import { FakeEngine } from "../docker/engine.fake.ts";
import { PlainClient } from "./client.fake.ts";
import { ScratchAgent } from "./scratch-agent.ts";

const engine = new FakeEngine();
engine.images.add("convocate:1");
let agent: ScratchAgent;
let shell: PlainClient;

beforeEach(async () => {
  agent = new ScratchAgent({ engine, image: "convocate:1" });
  await agent.open();
  shell = await PlainClient.connect(agent, agent.fromShell.privateKey);
});
afterEach(async () => {
  shell.close();
  await agent.close();
});
const again = async () => {
  shell.close();
  await agent.stop();
  await agent.start();
  shell = await PlainClient.connect(agent, agent.fromShell.privateKey);
};
const startOne = async (name: string) => {
  const { uuid: id } = await shell.result("create", { name });
  await shell.result("restart", { id });
  return String(id);
};

test("an operator's own key does not retire an agent", async () => {
  const operator = await PlainClient.connect(agent);
  expect(await operator.call("retire")).toMatchObject({ ok: false, code: "not_permitted" });
  operator.close();
  await startOne("goes on");
});

test("running sessions are named and nothing changes; by force they are stopped, and their homes stay", async () => {
  const ids = [await startOne("one"), await startOne("two")];
  expect(await shell.call("retire", {})).toMatchObject({
    code: "sessions_running",
    error: '2 sessions run: "one", "two": kill or move them, or retire by force',
  });
  ids.push(await startOne("three"));
  expect(await shell.result("retire", { force: true })).toEqual({});
  expect(ids.map((id) => engine.containers.get(id)?.running)).toEqual([false, false, false]);
  expect(await shell.list()).toHaveLength(3);
});

test("a retired agent answers and starts nothing, also after a restart, until provisioning takes it back", async () => {
  const { uuid: id } = await shell.result("create", { name: "stays" });
  await shell.result("retire", null);
  const refusals = async () => [
    (await shell.call("create", { name: "new" })).code,
    (await shell.call("restart", { id })).code,
    (await shell.call("clone", { source_id: id, name: "new" })).code,
  ];
  expect(await refusals()).toEqual(["retired", "retired", "retired"]);
  await again();
  expect(await refusals()).toEqual(["retired", "retired", "retired"]);
  expect(await shell.list()).toHaveLength(1);
  rmSync(join(agent.stateDir, "retired"));
  await again();
  await shell.result("restart", { id });
});

test("an agent that is drained starts nothing new, and leaves what runs alone", async () => {
  const running = await startOne("goes on");
  const { uuid: stopped } = await shell.result("create", { name: "waits" });
  const { config } = agentFiles;
  const before = readFileSync(join(agent.configDir, config), "utf8");
  writeFileSync(join(agent.configDir, config), JSON.stringify({ ...JSON.parse(before), drain: true }));
  await again();
  expect((await shell.call("create", { name: "new" })).code).toBe("draining");
  expect((await shell.call("restart", { id: stopped })).code).toBe("draining");
  expect((await shell.call("clone", { source_id: stopped, name: "new" })).code).toBe("draining");
  expect(engine.containers.get(running)?.running).toBe(true);
});
