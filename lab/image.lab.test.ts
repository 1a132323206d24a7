/** Image and Claude CLI on real hosts, of which one is shell host and agent in one. The tests build on each other. */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ImageRecord } from "../infra/image/archive.ts";
import { saveImage } from "../infra/image/build.ts";
import { must, run, until, type Outcome } from "./command.ts";
import { TestFleet } from "./test-fleet.ts";

jest.setTimeout(300_000);

const root = join(import.meta.dirname, "..");
const blobs = join(root, "dist/images");
const fleet = new TestFleet("image");
const { lab } = fleet;
const agents = ["shell-1", "agent-a"];
const folder = mkdtempSync(join(tmpdir(), "image-lab-"));
const claude = join(folder, "claude");
const built: string[] = [];
const token = `sk-ant-${randomBytes(16).toString("hex")}`;
/** Written into the stack file in plain text: the engine notes the settings of every run, also of one that is refused. */
const burnt = `sk-ant-${randomBytes(16).toString("hex")}`;

beforeAll(() => fleet.open(agents));
afterAll(async () => {
  await fleet.close();
  rmSync(folder, { recursive: true });
  if (built.length > 0) await run(["docker", "rmi", "-f", ...built]);
});

const onAgent = async (agent: string, command: string) =>
  (await lab.exec(agent, ["sh", "-c", command])).stdout.trim();
const current = (agent: string) => onAgent(agent, "cat /etc/convocate-agent/current-image");
const previous = (agent: string) => onAgent(agent, "cat /etc/convocate-agent/previous-image");
const imageId = (agent: string, reference: string) =>
  onAgent(agent, `docker image inspect --format '{{.Id}}' ${reference}`);
const leftovers = (agent: string) => onAgent(agent, "ls /var/lib/docker/convocate-layers 2>/dev/null");
const putClaude = (version: string) =>
  writeFileSync(claude, `#!/bin/sh\necho "${version} (Claude Code)"\n`, { mode: 0o755 });

interface Variant {
  reference: string;
  record: ImageRecord;
  /** Of the layer that no agent has, packed. */
  bytes: number;
}

/** The session image with one more layer, which cannot be made smaller. */
async function variant(name: string, megabytes: number): Promise<Variant> {
  const reference = `convocate:lab-${name}`;
  writeFileSync(join(folder, "layer"), randomBytes(megabytes * 1_000_000));
  writeFileSync(join(folder, "Dockerfile"), `FROM ${await current("agent-a")}\nCOPY layer /layer\n`);
  await must(["docker", "build", "-q", "-t", reference, folder]);
  built.push(reference);
  const record = await saveImage(reference, blobs);
  return { reference, record, bytes: record.layers.at(-1)?.packed.bytes ?? 0 };
}

/** Sends an image as the program does. */
async function push(
  agent: string,
  { reference, record }: Variant,
): Promise<ChildProcess & { outcome: Promise<Outcome> }> {
  const { address, hostKey } = await lab.host(agent);
  const { user, privateKeyFile } = await lab.connection();
  const privateKey = readFileSync(privateKeyFile, "utf8");
  const image = { reference, id: record.id };
  const child = spawn("node", [join(root, "infra/image/push.ts")], { stdio: "pipe" });
  const out = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (out.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (out.stderr += chunk.toString()));
  const outcome = new Promise<Outcome>((resolve) =>
    child.on("close", (code) => resolve({ ...out, code: code ?? 1 })),
  );
  child.stdin.end(JSON.stringify({ host: address, port: 22, user, hostKey, privateKey, image }));
  return Object.assign(child, { outcome });
}

const pushed = async (agent: string, image: Variant) => (await push(agent, image)).outcome;
const received = async (agent: string) =>
  Number(await onAgent(agent, "cat /sys/class/net/eth0/statistics/rx_bytes"));

test("pulumi up brings image and Claude CLI to every agent, and leaves nothing of the delivery", async () => {
  putClaude("1.0.0");
  const hosts = { "shell-1": "{ roles: [shell, agent] }", "agent-a": "{ role: agent, shell: shell-1 }" };
  await fleet.configure(hosts, { claude: `{ path: ${claude}, token: ${burnt} }` });
  const refused = await fleet.up();
  const said = refused.stdout + refused.stderr;
  expect(said).toMatch(/convocate:claude.token: got a token in plain text/);
  expect(said).not.toContain(burnt);
  await fleet.configure(hosts, { claude: `{ path: ${claude} }` });
  const set = ["config", "set", "--secret", "--path", "claude.token", "--stack", fleet.stack];
  await must([join(root, "script/pulumi"), ...set], { stdin: token });
  const { code, stdout } = await fleet.up();
  expect(stdout).toMatch(/Resources:\s+\+ \d+ created/);
  expect(code).toBe(0);
  const noted: unknown = JSON.parse(readFileSync(join(root, "dist/image.json"), "utf8"));
  for (const agent of agents) {
    const reference = await current(agent);
    expect(noted).toMatchObject({ slim: { reference, id: await imageId(agent, reference) } });
    expect([await previous(agent), await leftovers(agent)]).toEqual(["", ""]);
  }
});

test("a session finds the Claude CLI, and another one while it runs", async () => {
  expect((await fleet.verb("new", "one", "--agent", "agent-a")).code).toBe(0);
  expect((await fleet.verb("restart", "one")).code).toBe(0);
  const inside = "docker exec $(docker ps -q --filter name=convocate-session-) claude --version";
  const says = (version: string) =>
    until(`a session finds ${version}`, 30_000, async () =>
      (await onAgent("agent-a", inside)).startsWith(version),
    );
  await says("1.0.0");
  const itsToken = inside.replace("claude --version", "printenv CLAUDE_CODE_OAUTH_TOKEN");
  expect(await onAgent("agent-a", itsToken)).toBe(token);
  putClaude("2.0.0");
  const { stdout } = await fleet.up();
  expect(stdout).toMatch(/Resources:\s+~ 2 updated\s+\d+ unchanged/);
  await says("2.0.0");
  const versions = await onAgent("agent-a", "ls /opt/claude");
  expect(versions.split("\n")).toHaveLength(4);
});

test("of a changed image one layer travels, to several agents at once; the one before stays", async () => {
  const image = await variant("one", 20);
  const before = await current("agent-a");
  const at = await received("agent-a");
  const outcomes = await Promise.all(agents.map((agent) => pushed(agent, image)));
  const wire = (await received("agent-a")) - at;
  for (const { code, stdout, stderr } of outcomes) {
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ layers: 1, sent: image.bytes });
  }
  // What counts includes the frames of the network.
  expect(wire).toBeLessThan(1.02 * image.bytes);
  for (const agent of agents) {
    expect(await imageId(agent, image.reference)).toBe(image.record.id);
    expect([await current(agent), await previous(agent)]).toEqual([image.reference, before]);
    expect(await leftovers(agent)).toBe("");
  }
});

test("the token is in no output, on no command line and not in the state", async () => {
  expect(fleet.transcript + [...fleet.commandLines].join("\n")).not.toContain(token);
  expect((await run(["grep", "-rqF", token, fleet.stateFolder, fleet.stackFile])).code).toBe(1);
});

describe("a delivery that is killed in the middle", () => {
  let image: Variant;
  const partial = "/var/lib/docker/convocate-layers/*.partial";
  const arrived = async () => Number(await onAgent("agent-a", `stat -c %s ${partial}`));

  /** Ends the sender with a part of the layer at the agent. */
  async function killed(): Promise<void> {
    const before = [await current("agent-a"), await previous("agent-a")];
    const sender = await push("agent-a", image);
    await until("a part has arrived", 30_000, async () => (await arrived()) > 2_000_000);
    sender.kill("SIGKILL");
    await sender.outcome;
    expect(await arrived()).toBeLessThan(image.bytes);
    expect(await imageId("agent-a", image.reference)).toBe("");
    expect([await current("agent-a"), await previous("agent-a")]).toEqual(before);
  }

  beforeAll(async () => (image = await variant("two", 60)));

  test("goes on where it was; what was damaged meanwhile is refused, and then sent anew", async () => {
    await killed();
    await onAgent("agent-a", `printf x | dd of=$(ls ${partial}) bs=1 seek=1000 conv=notrunc`);
    const refused = await pushed("agent-a", image);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/arrived damaged and was removed: run "pulumi up" again/);
    expect(await imageId("agent-a", image.reference)).toBe("");
    expect(await current("agent-a")).not.toBe(image.reference);
    await killed();
    const { stdout } = await pushed("agent-a", image);
    const { sent } = JSON.parse(stdout) as { sent: number };
    expect(sent).toBeLessThan(image.bytes - 2_000_000);
    expect(await current("agent-a")).toBe(image.reference);
    expect(await imageId("agent-a", image.reference)).toBe(image.record.id);
  });

  test("a host that is powered off meanwhile gets the rest when it is back", async () => {
    image = await variant("three", 60);
    const sender = await push("agent-a", image);
    await until("a part has arrived", 30_000, async () => (await arrived()) > 2_000_000);
    await lab.off("agent-a");
    await lab.on("agent-a");
    const { code, stderr } = await sender.outcome;
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(await imageId("agent-a", image.reference)).toBe(image.record.id);
    expect(await current("agent-a")).toBe(image.reference);
  });
});
