/** Keys that are somebody's, and not an operator's of this agent. */
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeEngine } from "../docker/engine.fake.ts";
import { eventually } from "../host/eventually.fake.ts";
import { createKeyPair } from "../ssh/keypair.fake.ts";
import { PlainClient } from "./client.fake.ts";
import { ScratchAgent } from "./scratch-agent.ts";

const engine = new FakeEngine();
engine.images.add("convocate:1");
const agent = new ScratchAgent({ engine, image: "convocate:1" });
beforeAll(() => agent.open());
afterAll(() => agent.close());

const file = () => join(agent.configDir, "authorized_keys");
const changes = () => agent.log.lines.filter(({ message }) => message === "authorized keys changed").length;
/** Lists one more line, and waits until the agent has read it. */
async function list(line: string): Promise<void> {
  const before = changes();
  appendFileSync(file(), `${line}\n`);
  await eventually(() => changes() > before);
}
const refused = /All configured authentication methods failed/;

test("an agent's own key, with which it speaks to the shell host, opens no agent", async () => {
  await expect(PlainClient.connect(agent, agent.toShell.privateKey)).rejects.toThrow(refused);
  await list(agent.toShell.publicKey);
  await expect(PlainClient.connect(agent, agent.toShell.privateKey)).rejects.toThrow(refused);
  await eventually(() => agent.log.text.includes("agent=scratch is not admitted here"));
});

test.each([
  ["a comment that names nobody", (line: string) => line.replace(/operator=\w+$/, "bob@laptop")],
  ["options before it", (line: string) => `no-pty,command="/bin/sh" ${line}`],
  ["a # before it", (line: string) => `#${line}`],
])("a key listed with %s opens nothing", async (_what, written) => {
  const key = createKeyPair("operator=bob");
  await list(written(key.publicKey));
  await expect(PlainClient.connect(agent, key.privateKey)).rejects.toThrow(refused);
});

test("a line that is removed ends that operator's terminal, and the session and everybody else go on", async () => {
  const key = createKeyPair("operator=eve");
  await list(key.publicKey);
  const eve = await PlainClient.connect(agent, key.privateKey);
  const alice = await PlainClient.connect(agent);
  const { uuid: id } = await alice.result("create", { name: "shared" });
  const [hers, ours] = [await eve.attach({ id }), await alice.attach({ id })];
  hers.type("eve");
  ours.type("alice");
  await eventually(() => hers.text === "eve" && ours.text === "alice");
  writeFileSync(file(), `${agent.operator.publicKey}\n`);
  await eventually(() => hers.closed);
  expect(agent.log.text).toContain("its key was removed");
  ours.type(" still");
  await eventually(() => ours.text === "alice still");
  expect(engine.containers.get(String(id))?.running).toBe(true);
  await expect(PlainClient.connect(agent, key.privateKey)).rejects.toThrow(refused);
  alice.close();
});
