/**
 * The agent of a benchmark, in a process of its own: `node bench/agent-process.ts SESSIONS`. Says where it listens in one
 * line of JSON, and ends with its input.
 */
import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { agentConfig } from "../protocol/config.ts";
import { containerSpec } from "../daemons/agent/container-spec.ts";
import { ScratchAgent } from "../daemons/agent/scratch-agent.ts";
import { FakeEngine } from "../daemons/docker/engine.fake.ts";

/** How many of the sessions run, at most. */
const running = 10;

const sessions = Array.from({ length: Number(process.argv[2]) }, (_, n) => {
  const time = new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString();
  const name = `session ${String(n)} of a benchmark`;
  return {
    uuid: randomUUID(),
    name,
    created_at: time,
    last_accessed: time,
    port: 1001 + n,
    protocol: "tcp",
    dns_name: `s${String(n)}.example`,
  };
});

const engine = new FakeEngine();
for (const session of sessions.slice(0, running)) {
  const config = agentConfig.parse({ command: "bash" });
  const host = { agentId: "bench", home: "/home/x", image: "convocate:1", uid: 1337, gid: 1337 };
  await engine.start(
    containerSpec({
      session,
      ...host,
      config,
      limits: {},
      token: null,
      cgroupDriver: "systemd",
      sharedMounts: [],
    }),
  );
}
const agent = new ScratchAgent({ engine, image: "convocate:1" });
await agent.open();
await agent.stop();
const folder = join(agent.stateDir, "sessions");
await mkdir(folder, { recursive: true });
for (const session of sessions)
  await writeFile(join(folder, `${session.uuid}.json`), JSON.stringify(session));
await agent.start();
const { port, operator } = agent;
console.log(JSON.stringify({ port, privateKey: operator.privateKey, uuid: sessions[0]?.uuid }));
process.stdin.resume().once("end", () => void agent.close().then(() => process.exit(0)));
