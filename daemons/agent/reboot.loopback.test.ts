import { FakeEngine } from "../docker/engine.fake.ts";
import { eventually } from "../host/eventually.fake.ts";
import { PlainClient } from "./client.fake.ts";
import { ScratchAgent } from "./scratch-agent.ts";

test("after a reboot of the host the sessions that ran run again, and the others do not", async () => {
  const engine = new FakeEngine();
  engine.images.add("convocate:test");
  const agent = new ScratchAgent({ engine, image: "convocate:test" });
  await agent.open();
  try {
    const client = await PlainClient.connect(agent);
    const ids: unknown[] = [];
    for (const name of ["ran", "killed", "never"])
      ids.push((await client.result("create", { name }))["uuid"]);
    const [ran, killed] = ids;
    for (const id of [ran, killed]) await client.result("restart", { id });
    await client.result("kill", { id: killed });
    client.close();

    // Containers end with the host, the agent hears of it and ends as well; then everything boots.
    engine.die(String(ran), 137);
    await agent.stop();
    agent.boot = "second";
    await agent.start();

    await eventually(() => engine.containers.get(String(ran))?.running);
    const again = await PlainClient.connect(agent);
    const states = new Map((await again.list()).map(({ name, state }) => [name, state]));
    again.close();
    expect(Object.fromEntries(states)).toEqual({ ran: "running", killed: "stopped", never: "stopped" });
  } finally {
    await agent.close();
  }
});
