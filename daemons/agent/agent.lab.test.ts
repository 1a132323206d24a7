/** The agent against the real Docker Engine of this machine, with the real session image. */
import { execFileSync, spawn } from "node:child_process";
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
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

let image: { reference: string };
beforeAll(async () => {
  image = await buildImage(await ensureBase(() => undefined), () => undefined);
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

test("logs: the terminal's text while it runs, why it ended afterwards, also of one that was killed", async () => {
  const command = "echo first; cat; no-such-program; exit 9";
  const id = (await client.result("create", { name: "logged", command }))["uuid"];
  const lines = async (more: object = {}) => {
    const { lines } = await client.result("logs", { id, ...more });
    return Array.isArray(lines) ? lines.map(String) : [];
  };
  const untilLogged = async (text: string) => {
    const end = Date.now() + 30_000;
    while (!(await lines()).join("\n").includes(text))
      if (Date.now() > end) throw new Error(`no ${text} in ${(await lines()).join("\n")}`);
  };
  expect(await lines()).toEqual([]);
  await client.result("restart", { id });
  await untilLogged("first");
  const terminal = await client.attach({ id });
  await eventually(() => terminal.text.includes("first"), 20_000);
  terminal.type("caf\u00e9 \u6f22\r");
  await untilLogged("caf\u00e9 \u6f22");
  terminal.type("\x04");
  await until(id, "stopped", 30_000);
  expect((await lines()).at(-1)).toBe("session ended with status 9");
  expect((await lines()).join("\n")).toMatch(/first[^]*caf\u00e9[^]*no-such-program: command not found/);
  expect(await lines({ lines: 1 })).toEqual(["session ended with status 9"]);
  await client.result("restart", { id });
  await untilLogged("first");
  await client.result("kill", { id });
  expect(await lines()).toEqual(
    expect.arrayContaining(["stopping", expect.stringMatching(/^last on the screen, \d+ lines:$/), "first"]),
  );
  await client.result("delete", { id });
});

test("what a session's container says reaches the agent's log, once, and the screen does not", async () => {
  const { uuid: id } = await client.result("create", { name: "told", port: -1 });
  const printed = () =>
    agent.log.lines.flatMap(({ fields, message }) =>
      message === "session printed" && "session" in fields && fields.session === id && "text" in fields
        ? [String(fields.text)]
        : [],
    );
  const ended = () => printed().filter((text) => text === "session ended with status 3").length;
  for (const times of [1, 2]) {
    await client.result("restart", { id });
    const terminal = await client.attach({ id });
    terminal.type("echo secret-$((40+2)); exit 3\r");
    await until(id, "stopped", 30_000);
    await eventually(() => ended() === times, 20_000);
    await agent.stop();
    await agent.start();
    client = await PlainClient.connect(agent);
  }
  expect(printed().filter((text) => text.startsWith("session started: "))).toHaveLength(2);
  expect(printed().join("\n")).not.toContain("secret-42");
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

const inside = (id: unknown, command: string) =>
  docker("exec", `convocate-session-${String(id)}`, "sh", "-ec", command);
const helpers = () => docker("ps", "-aq", "--filter", "label=convocate.helper");

test("a clone is whole: what root left in the home, modes, links, holes, attributes; and it runs", async () => {
  const { uuid: id } = await client.result("create", { name: "source" });
  await client.result("restart", { id });
  inside(
    id,
    `cd /home/convocate; mkdir -m 700 root; echo secret > root/key; chmod 4755 root/key; ln root/key root/same; ln -s /nowhere link
     truncate -s 1G hollow; mkfifo pipe; chown 1337:1337 pipe; tmux -S /home/convocate/socket new-session -d sleep 60`,
  );
  expect((await client.call("clone", { source_id: id, name: "too early" })).code).toBe("running");
  await client.result("kill", { id });
  const { uuid: copy } = await client.result("clone", { source_id: id, name: "copy" });
  expect(helpers()).toBe("");
  await client.result("restart", { id: copy });
  const seen = inside(
    copy,
    "cd /home/convocate; stat -c '%n %U %a %h %F' root root/key root/same link pipe; du -k hollow; ls -A; cat root/key",
  );
  expect(seen.split("\n")).toEqual([
    "root root 700 2 directory",
    "root/key root 4755 2 regular file",
    "root/same root 4755 2 regular file",
    "link root 777 1 symbolic link",
    "pipe convocate 644 1 fifo",
    "0\thollow",
    ...[".claude.json", "hollow", "link", "pipe", "root", "session.json"],
    "secret",
  ]);
  for (const one of [id, copy]) await client.result("delete", { id: one });
  expect(readdirSync(agent.homes)).toEqual([]);
});

test("a command that is not in the image is refused when the session is made, and nothing is made", async () => {
  expect(await client.call("create", { name: "x", command: "claud --fast" })).toMatchObject({
    code: "command_missing",
    error: 'the command "claud" is not in this agent\'s image: install it there, or give another',
  });
  expect([await client.list(), helpers()]).toEqual([[], ""]);
});

test("a session begins in its repository, set up once", async () => {
  const served = mkdtempSync(join(tmpdir(), "convocate-repo-"));
  const git = (...args: string[]) => execFileSync("git", ["-C", join(served, "app.git"), ...args]);
  execFileSync("git", ["init", "-q", "-b", "main", join(served, "app.git")]);
  writeFileSync(join(served, "app.git", "README"), "hello");
  git("add", ".");
  git("-c", "user.name=t", "-c", "user.email=t@example", "commit", "-qm", "first");
  git("branch", "feature");
  const gateway = docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", "convocate");
  const daemon = spawn("git", ["daemon", "--export-all", `--base-path=${served}`, `--listen=${gateway}`], {
    stdio: "ignore",
  });
  try {
    await eventually(() => {
      try {
        return execFileSync("git", ["ls-remote", `git://${gateway}/app.git`], { stdio: "pipe" }).length;
      } catch {
        return 0;
      }
    });
    const seed = { repo: `git://${gateway}/app.git`, branch: "feature", setup: "echo once >> set-up" };
    const { uuid: id } = await client.result("create", { name: "seeded", ...seed });
    const terminal = await client.attach({ id });
    const work = join(agent.homes, String(id), "app");
    await eventually(() => existsSync(join(agent.homes, String(id), ".convocate-seeded")), 20_000);
    terminal.type("pwd > where; git branch --show-current >> where; touch done\r");
    await eventually(() => existsSync(join(work, "done")), 10_000);
    expect(readFileSync(join(work, "where"), "utf8")).toBe("/home/convocate/app\nfeature\n");
    terminal.channel.close();
    await client.result("kill", { id });
    const again = await client.attach({ id });
    again.type("touch again\r");
    await eventually(() => existsSync(join(work, "again")), 20_000);
    expect(readFileSync(join(work, "set-up"), "utf8")).toBe("once\n");
    await client.result("delete", { id });
  } finally {
    daemon.kill();
    rmSync(served, { recursive: true });
  }
});

test("a home that is not there is not made up by the engine", async () => {
  const { uuid: id } = await client.result("create", { name: "lost" });
  const home = join(agent.homes, String(id));
  renameSync(home, `${home}.away`);
  expect((await client.call("restart", { id })).code).toBe("home_missing");
  symlinkSync("/etc", home);
  expect((await client.call("restart", { id })).code).toBe("home_missing");
  rmSync(home);
  expect([existsSync(home), containers()]).toEqual([false, ""]);
  renameSync(`${home}.away`, home);
  await client.result("restart", { id });
  await client.result("delete", { id });
});

test("what v2 left running is taken over by its name: listed, attached to, ended", async () => {
  const id = "5e551017-0000-4000-8000-000000000002";
  const home = join(agent.homes, id);
  mkdirSync(home, { mode: 0o700 });
  chownSync(home, 1337, 1337);
  const time = "2025-01-01T00:00:00Z";
  const theirs = { uuid: id, name: "from v2", created_at: time, last_accessed: time, port: 0, protocol: "" };
  writeFileSync(join(home, "session.json"), JSON.stringify(theirs));
  const name = `convocate-session-${id}`;
  const ids = ["-e", "CONVOCATE_UID=1337", "-e", "CONVOCATE_GID=1337"];
  docker(
    "run",
    "-d",
    "--rm",
    "--name",
    name,
    "-v",
    `${home}:/home/convocate`,
    ...ids,
    image.reference,
    "bash",
  );
  client.close();
  await agent.stop();
  await agent.start();
  client = await PlainClient.connect(agent);
  expect(await client.result("get", { id })).toMatchObject({ name: "from v2", state: "running" });
  const terminal = await client.attach({ id });
  await eventually(() => terminal.text.includes("$"), 10_000);
  terminal.type("exit 4\r");
  await eventually(() => terminal.closed, 10_000);
  await until(id, "stopped");
  expect((await client.result("get", { id }))["exit_cause"]).toBe("exit 4");
  await client.result("delete", { id });
});

test("whatever somebody does with docker, the list is true again within a second", async () => {
  const { uuid: id } = await client.result("create", { name: "handled" });
  const name = `convocate-session-${String(id)}`;
  await client.result("restart", { id });
  docker("rm", "-f", name);
  await until(id, "stopped", 1_000);
  await client.result("restart", { id });
  docker("stop", "-t", "5", name);
  await until(id, "stopped", 1_000);
  docker("start", name);
  await until(id, "running", 1_000);
  expect((await client.call("restart", { id })).code).toBe("already_running");
  docker("rename", name, "convocate-lab-renamed");
  docker("rm", "-f", "convocate-lab-renamed");
  await until(id, "stopped", 1_000);
  await client.result("delete", { id });
});
