/** The agent against the real Docker Engine of this machine, with the real session image. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { buildImage } from "../../infra/image/build.ts";
import { ensureBase } from "../../lab/base.ts";
import { connectEngine } from "../docker/dockerode.ts";
import { eventually } from "../host/eventually.fake.ts";
import { PlainClient } from "./client.fake.ts";
import { ScratchAgent } from "./scratch-agent.ts";

jest.setTimeout(300_000);

let agent: ScratchAgent;
let client: PlainClient;
const docker = (...args: string[]) => execFileSync("docker", args, { encoding: "utf8" }).trim();
const containers = () => docker("ps", "-aq", "--filter", "label=convocate.agent=scratch");

beforeAll(async () => {
  const image = await buildImage(await ensureBase(() => undefined), () => undefined);
  const engine = await connectEngine("/var/run/docker.sock");
  agent = new ScratchAgent({ engine, image: image.reference, command: "bash --norc" });
  await agent.open();
  client = await PlainClient.connect(agent);
});
afterAll(async () => {
  client.close();
  await agent.close();
  const left = containers();
  if (left) docker("rm", "-f", ...left.split("\n"));
  docker("network", "rm", "convocate");
});

const state = async (id: unknown) => (await client.result("get", { id }))["state"];
const until = async (id: unknown, wanted: string, withinMs = 4_000) => {
  const end = Date.now() + withinMs;
  while ((await state(id)) !== wanted) {
    if (Date.now() > end)
      throw new Error(`${String(await state(id))}, not ${wanted}, after ${String(withinMs)} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
const tmuxClients = (id: unknown) =>
  docker("exec", "-u", "1337", `convocate-session-${String(id)}`, "tmux", "list-clients", "-t", "convocate");

describe("a session's life", () => {
  let id: unknown;

  test("create makes a home and no container", async () => {
    const session = await client.result("create", { name: "life", port: 0, protocol: "", dns_name: "" });
    id = session["uuid"];
    expect(await state(id)).toBe("stopped");
    expect(containers()).toBe("");
  });

  test("attach starts it; what is typed is run; a resize arrives; sudo works; detach leaves it running", async () => {
    const terminal = await client.attach({ id, cols: 90, rows: 30, term: "xterm-256color" });
    await eventually(() => terminal.text.includes("$"), 20_000);
    await until(id, "connected");
    terminal.type("echo $((6*7)) $(id -un) $(sudo id -un) $(pwd)\r");
    await eventually(() => terminal.text.includes("42 convocate root /home/convocate"), 10_000);
    terminal.resize(111, 33);
    const size = join(agent.homes, String(id), "size");
    // tmux keeps one row for its status line.
    terminal.type("until [ \"$(stty size)\" = '32 111' ]; do sleep 0.1; done; touch size\r");
    await eventually(() => existsSync(size), 10_000);
    terminal.type("\x02D");
    await eventually(() => terminal.closed);
    expect(terminal.exit).toBe(0);
    await until(id, "running");
  });

  test("a client that vanishes leaves no tmux client behind, and the session runs on", async () => {
    const other = await PlainClient.connect(agent);
    const terminal = await other.attach({ id });
    await eventually(() => terminal.text.includes("$"), 10_000);
    expect(tmuxClients(id)).not.toBe("");
    other.close();
    await eventually(() => tmuxClients(id) === "");
    await until(id, "running");
  });

  test("a daemon that is restarted finds its session running, in the same container", async () => {
    const before = containers();
    client.close();
    await agent.stop();
    await agent.start();
    client = await PlainClient.connect(agent);
    expect(await state(id)).toBe("running");
    expect(containers()).toBe(before);
  });

  test("somebody with docker kills it: known within a second, with the cause", async () => {
    docker("kill", `convocate-session-${String(id)}`);
    await until(id, "stopped", 1_000);
    expect((await client.result("get", { id }))["exit_cause"]).toBe("exit 137");
  });

  test("restart starts it again, kill stops it, delete leaves nothing", async () => {
    await client.result("restart", { id });
    expect((await client.call("restart", { id })).error).toBe('session "life" already running');
    await client.result("kill", { id });
    expect((await client.result("get", { id }))["exit_cause"]).toBe("killed");
    await client.result("restart", { id });
    // Files that root left in the home are removed as well.
    docker(
      "exec",
      `convocate-session-${String(id)}`,
      "sh",
      "-c",
      "mkdir -m 700 /home/convocate/.root; touch /home/convocate/.root/x",
    );
    await client.result("delete", { id });
    expect(await client.list()).toEqual([]);
    expect(containers()).toBe("");
    expect(readdirSync(agent.homes)).toEqual([]);
  });
});

test("a session whose command ends says with which status, and an attached operator is told that it ended", async () => {
  const { uuid: id } = await client.result("create", { name: "ends", command: "read line; exit 7" });
  const terminal = await client.attach({ id });
  await until(id, "connected", 10_000);
  await eventually(() => terminal.text !== "", 10_000);
  terminal.type("x\r");
  await eventually(() => terminal.closed, 10_000);
  expect(terminal.exit).toBe(3);
  await until(id, "stopped");
  expect((await client.result("get", { id }))["exit_cause"]).toBe("exit 7");
  await client.result("delete", { id });
});

test("the container has what a session needs and nothing that reaches the host", async () => {
  const { uuid: id } = await client.result("create", { name: "bounds", port: -1 });
  await client.result("restart", { id });
  const [inspected] = JSON.parse(docker("inspect", `convocate-session-${String(id)}`)) as {
    HostConfig: Record<string, unknown>;
    Config: { Hostname: string; Labels: Record<string, string> };
  }[];
  expect(inspected?.Config.Hostname).toBe(`convocate-${String(id).slice(0, 8)}`);
  expect(inspected?.HostConfig).toMatchObject({
    CapDrop: ["ALL"],
    PidsLimit: 2048,
    Memory: 2 * 2 ** 30,
    NetworkMode: "convocate",
    RestartPolicy: { Name: "no" },
    Privileged: false,
  });
  const binds = inspected?.HostConfig["Binds"] as string[];
  expect(binds.join(" ")).not.toMatch(/docker\.sock|\.ssh/);
  await client.result("delete", { id });
});
