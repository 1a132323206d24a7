/** From the end of a session's container to the screens of two operators: real engine, agent, status daemon and lists. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { StatusProcess } from "../campaigns/storm/status-process.ts";
import { ScratchAgent } from "../daemons/agent/scratch-agent.ts";
import { connectEngine } from "../daemons/docker/dockerode.ts";
import { bundlePrograms, programs } from "../infra/artifacts/bundle.ts";
import { buildImage } from "../infra/image/build.ts";
import { ensureBase } from "../lab/base.ts";
import { registrationFiles } from "../protocol/config.ts";
import { BenchClient } from "./client.ts";
import { docker } from "./docker.ts";
import { ListTerminal } from "./list-terminal.ts";
import { Samples } from "./samples.ts";

const id = "bench-events";
const kills = 50;
const created = z.looseObject({ uuid: z.string() });

/** The row of the session in this state, as the list draws it. */
const row = (state: string) => new RegExp(`${state}.{1,20}killed again and again`);

export async function measureEvents(): Promise<void> {
  const image = await buildImage(await ensureBase(console.error), console.error, "slim");
  const root = join(import.meta.dirname, "..");
  const folder = mkdtempSync(join(tmpdir(), "convocate-bench-"));
  await bundlePrograms(root, folder);
  // As shipped: terminal-kit lies beside the bundle.
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const flags = programs.find(({ command }) => command === "convocate-status")?.flags ?? [];
  const status = new StatusProcess(join(folder, "convocate-status.cjs"), flags);
  const shell = { host: "127.0.0.1", port: 0, hostKey: status.config.hostKey.publicKey };
  const engine = await connectEngine("/var/run/docker.sock");
  const agent = new ScratchAgent({
    engine,
    image: image.reference,
    command: "bash --norc",
    id,
    shell,
  });
  const screens: ListTerminal[] = [];
  try {
    status.config.authorize(agent.toShell.publicKey);
    await status.start();
    shell.port = status.target.port;
    await agent.open();
    register(status, agent);
    const list = [join(folder, "convocate.cjs"), "--socket", status.socket];
    for (let n = 0; n < 2; n += 1)
      screens.push(new ListTerminal([...list, "--agent-keys", join(status.folder, "agent-keys")]));
    await measure(agent, screens);
  } finally {
    for (const screen of screens) await screen.close();
    await agent.close();
    await status.close();
    const left = await docker("ps", "-aq", "--filter", `label=convocate.agent=${id}`);
    if (left !== "") await docker("rm", "-f", ...left.split("\n"));
    if ((await docker("network", "inspect", "-f", "{{len .Containers}}", "convocate")) === "0")
      await docker("network", "rm", "convocate");
    rmSync(folder, { recursive: true });
  }
}

/** What the lists need to reach the agent. */
function register(status: StatusProcess, agent: ScratchAgent): void {
  status.config.register(agent.id, "host-a", `127.0.0.1:${String(agent.port)}`);
  const inside = (name: string) => join(status.folder, "agent-keys", agent.id, name);
  writeFileSync(inside(registrationFiles.hostKey), agent.hostKey.publicKey);
  writeFileSync(inside(registrationFiles.toAgentKey), agent.operator.privateKey, { mode: 0o600 });
}

async function measure(agent: ScratchAgent, screens: ListTerminal[]): Promise<void> {
  const client = await BenchClient.connect({
    port: agent.port,
    privateKey: agent.operator.privateKey,
    uuid: "",
  });
  const deaths = spawn(
    "docker",
    [
      "events",
      ...["--filter", "event=die", "--filter", `label=convocate.agent=${id}`],
      ...["--format", "{{.TimeNano}}"],
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const died = createInterface(deaths.stdout)[Symbol.asyncIterator]();
  const [fromDeath, fromCommand] = [new Samples(), new Samples()];
  try {
    const { uuid } = created.parse(await client.result("create", { name: "killed again and again" }));
    for (let n = 0; n < kills; n += 1) {
      const running = screens.map((screen) => screen.sees(row("R")));
      await client.result("restart", { id: uuid });
      await Promise.all(running);
      const stopped = screens.map((screen) => screen.sees(row("-")));
      const began = Date.now();
      await docker("kill", `convocate-session-${uuid}`);
      const death = await died.next();
      for (const seen of await Promise.all(stopped)) {
        fromCommand.add(seen - began);
        fromDeath.add(seen - Number(death.value) / 1e6);
      }
    }
  } finally {
    client.close();
    deaths.kill();
  }
  const told = (samples: Samples) =>
    `p50 ${samples.p50.toFixed(0)}, p99 ${samples.p99.toFixed(0)} ms, ${String(samples.count)} samples`;
  console.log(`\`docker kill\` of a session, until each of two operators' screens shows it:`);
  console.log(`from the engine's event: ${told(fromDeath)}`);
  console.log(`from the start of the command: ${told(fromCommand)}`);
}
