/** The main job, end to end on real parts: engine, SSH, systemd, Docker, the terminal. The tests build on each other. */
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Tmux } from "../tui/screens/tmux.fake.ts";
import { must, run, until } from "./command.ts";
import { containerName } from "./container.ts";
import { dial } from "./dial.ts";
import { migrate } from "./fleet-migrate.ts";
import { trust } from "./fleet-trust.ts";
import { Release } from "./release.ts";
import { TestFleet } from "./test-fleet.ts";

jest.setTimeout(600_000);

const fleet = new TestFleet("fleet");
const { lab } = fleet;
const terminals: Tmux[] = [];
const release = new Release();
const two = { "shell-1": "{ role: shell }", "agent-a": "{ role: agent, shell: shell-1 }" };
const three = { ...two, "agent-b": "{ role: agent, shell: shell-1 }" };

beforeAll(() => fleet.open(["shell-1", "agent-a"]));
afterAll(async () => {
  await Promise.all(terminals.map((terminal) => terminal.end()));
  await fleet.close();
  release.restore();
});

/** A terminal with the list open, as an operator's laptop shows it. */
async function openList(size = { cols: 100, rows: 28 }): Promise<Tmux> {
  const terminal = new Tmux();
  terminals.push(terminal);
  const sane = `echo "before:$(stty -g | cksum)"; ${await fleet.listCommand()}; echo "after:$(stty -g | cksum)"; cat`;
  await terminal.start(sane, size);
  await terminal.shows(" convocate ");
  return terminal;
}

const find = async (name: string) => (await fleet.sessions()).find((session) => session["name"] === name);
const becomes = (name: string, state: string, withinMs = 20_000) =>
  until(`session ${name} is ${state}`, withinMs, async () => (await find(name))?.["state"] === state);
const container = async (name: string) => `convocate-session-${String((await find(name))?.["uuid"])}`;

describe("from vanilla hosts to a session", () => {
  test("pulumi up makes a shell host and an agent host", async () => {
    await fleet.configure(two);
    const { code, stdout } = await fleet.up();
    expect(stdout).toMatch(/Resources:\s+\+ \d+ created/);
    expect(code).toBe(0);
    const unit = await lab.exec("agent-a", [
      "systemctl",
      "show",
      "convocate-agent",
      "-p",
      "User,AmbientCapabilities,ActiveState",
    ]);
    expect(unit.stdout).toMatch(/User=convocate/);
    expect(unit.stdout).toMatch(/AmbientCapabilities=cap_net_bind_service/);
    expect(unit.stdout).toMatch(/ActiveState=active/);
  });

  test("a second pulumi up changes nothing", async () => {
    const { stdout } = await fleet.up();
    expect(stdout).toMatch(/Resources:\s+\d+ unchanged\s+Duration/);
  });

  test("verbs: new, restart, ls --json, an unknown session, an unknown verb", async () => {
    expect((await fleet.verb("new", "one")).code).toBe(0);
    expect((await fleet.verb("restart", "one")).code).toBe(0);
    expect(await find("one")).toMatchObject({ state: "running", host: "agent-a", reachable: true });
    expect((await fleet.verb("rm", "nobody")).code).toBe(3);
    expect((await fleet.verb("reboot")).code).toBe(2);
  });
});

describe("in a terminal", () => {
  test("N, the form, a session; Enter, its shell; typing; a resize; Ctrl-B D, the list; Q, a sane prompt", async () => {
    const list = await openList();
    await list.press("n");
    await list.shows("New session");
    await list.type("two");
    await list.press("Enter");
    await list.shows(/>1 - two/);
    await list.press("Enter");
    await list.shows("bash-");
    await list.type("echo sum $((40+2))");
    await list.press("Enter");
    await list.shows("sum 42");
    await list.resize({ cols: 120, rows: 35 });
    await list.type("until [ \"$(stty size)\" = '34 120' ]; do sleep 0.1; done; echo resized");
    await list.press("Enter");
    await list.shows(/^resized/m);
    await list.press("C-b", "D");
    await list.shows(/>1 R two/, 3_000);
    await list.press("q");
    await list.shows("after:");
    const screen = await list.screen();
    expect(/after:(.+)/.exec(screen)?.[1]).toBe(/before:(.+)/.exec(screen)?.[1]);
    expect(await list.flag("alternate_on")).toBe("0");
  });

  test("what their containers say is in their agent's log on the shell host, once", async () => {
    const lines = async (text: string) => {
      const grep = ["sh", "-c", `grep -h '"text":"${text}' /var/log/convocate-agent/*.log || true`];
      return (await lab.exec("shell-1", grep)).stdout.trim().split("\n").filter(Boolean);
    };
    await until(
      "the sessions' lines arrive",
      60_000,
      async () => (await lines("session started: ")).length > 1,
    );
    const { uuid } = (await find("one")) ?? {};
    expect((await lines("session started: ")).filter((line) => line.includes(String(uuid)))).toHaveLength(1);
  });

  test("a container killed with docker is seen in an open list within a second", async () => {
    const list = await openList();
    await list.shows(/R two/);
    await lab.exec("agent-a", ["docker", "kill", await container("two")]);
    await list.shows(/- two/, 1_000);
  });
});

describe("a session survives", () => {
  test("the restart of its agent, in the same container", async () => {
    const running = ["docker", "ps", "-q", "--no-trunc", "--filter", `name=${await container("one")}`];
    const before = (await lab.exec("agent-a", running)).stdout;
    expect(before).not.toBe("");
    await lab.exec("agent-a", ["systemctl", "restart", "convocate-agent"]);
    await becomes("one", "running");
    expect((await lab.exec("agent-a", running)).stdout).toBe(before);
  });

  test("a reboot of its host: what ran runs again", async () => {
    await lab.exec("agent-a", ["systemctl", "reboot"]);
    await until("host agent-a is back", 180_000, async () => (await lab.ssh("agent-a", "true")).code === 0);
    await becomes("one", "running", 180_000);
    expect((await find("two"))?.["state"]).toBe("stopped");
  });

  test("kill -9 of the list it is attached in", async () => {
    const list = await openList();
    await list.shows(/R one/);
    await list.press(...["Home", (await list.screen()).includes(">1 R one") ? "Home" : "Down", "Enter"]);
    await list.shows("bash-");
    await becomes("one", "connected");
    await lab.exec("shell-1", ["pkill", "-9", "-u", "convocate", "-f", "lib/convocate.cjs"]);
    await becomes("one", "running");
  });

  test("a network that is cut and heals", async () => {
    await lab.cut("agent-a");
    expect((await lab.ssh("agent-a", "true")).code).not.toBe(0);
    await lab.heal("agent-a");
    await becomes("one", "running", 60_000);
    expect((await fleet.verb("get", "one")).code).toBe(0);
  });
});

describe("an update", () => {
  const mark = (folder: string) => writeFileSync(join(folder, "lib/mark"), "another release\n");
  const runs = async (host: string) =>
    (await lab.exec(host, ["ls", "/usr/local/lib/convocate/current/lib"])).stdout;

  test("is noticed by nobody who is attached: same container, same screen, and what is typed arrives", async () => {
    const list = await openList();
    await list.shows(/R one/);
    await list.press("Home", "Enter");
    await list.shows("bash-");
    await list.type("word=kept");
    await list.press("Enter");
    const running = ["docker", "ps", "-q", "--no-trunc", "--filter", `name=${await container("one")}`];
    const before = (await lab.exec("agent-a", running)).stdout;
    await release.make(mark);
    expect((await fleet.up()).code).toBe(0);
    expect(await runs("agent-a")).toContain("mark");
    expect(await runs("shell-1")).toContain("mark");
    expect((await lab.exec("agent-a", running)).stdout).toBe(before);
    await becomes("one", "connected");
    await until("what is typed arrives", 30_000, async () => {
      await list.type("echo still $word");
      await list.press("Enter");
      return (await list.screen()).includes("still kept");
    });
    await list.press("C-b", "D");
    await list.shows(" convocate ");
  });

  test("that does not start is taken back by itself, and says so; the next good one comes", async () => {
    await release.make((folder) =>
      writeFileSync(
        join(folder, "lib/convocate-agent.cjs"),
        'throw new Error("a daemon that does not start")',
      ),
    );
    const { code, stdout, stderr } = await fleet.up();
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain("a daemon that does not start");
    expect(stdout + stderr).toMatch(/init-agent failed on agent-a/);
    expect(stdout + stderr).toMatch(/release [0-9a-f]{12} runs again/);
    expect(await runs("agent-a")).toContain("mark");
    await becomes("one", "running", 40_000);
    await release.make((folder) => {
      mark(folder);
      writeFileSync(join(folder, "lib/second"), "");
    });
    expect((await fleet.up()).code).toBe(0);
    expect(await runs("agent-a")).toContain("second");
    await becomes("one", "running", 40_000);
  });
});

describe("trust", () => trust({ fleet, find, becomes }));

describe("a fleet that grows and shrinks", () => {
  let list: Tmux;

  test("an agent added to the stack file is in an open list after pulumi up", async () => {
    list = await openList();
    await list.shows("1 agent up");
    await lab.up(["agent-b"], "warm");
    await fleet.configure(three);
    const { code, stdout } = await fleet.up();
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/updated|replaced|deleted/);
    await list.shows("2 agents up", 20_000);
    expect((await fleet.verb("new", "three", "--agent", "agent-b")).code).toBe(0);
    await list.shows(/three .*agent-b/);
  });

  describe("sessions move", () => migrate({ fleet, find, becomes }));

  test("with a session that runs it is not taken out: it says which, and stays as it is", async () => {
    expect((await fleet.verb("restart", "three")).code).toBe(0);
    await fleet.configure(two);
    const { code, stdout, stderr } = await fleet.up();
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain('agent-b stays in the fleet: convocate: 1 sessions run: "three"');
    await becomes("three", "running");
    await list.shows("2 agents up");
  });

  test("taken out of the stack file with its host powered off, it is gone after pulumi up, by the shell host alone", async () => {
    await lab.off("agent-b");
    await fleet.configure(two);
    const { code, stdout } = await fleet.up();
    expect(stdout).toMatch(/\d+ deleted/);
    expect(code).toBe(0);
    await list.hides("three", 20_000);
    await list.shows("1 agent up");
    const keys = await lab.exec("shell-1", [
      "sh",
      "-c",
      "ls /etc/convocate/agent-keys; grep -c agent= /etc/convocate/status_authorized_keys",
    ]);
    expect(keys.stdout.trim().split("\n")).toHaveLength(2);
  });
});

test("another key epoch: other keys, with no moment without a working one, and the old ones open nothing", async () => {
  const print = "cat /etc/convocate/agent-keys/*/shell_to_agent_ed25519_key";
  const keyOf = async () => (await lab.exec("shell-1", ["sh", "-c", print])).stdout;
  const old = await keyOf();
  await fleet.configure(two, { keyEpoch: "2" });
  const refused: string[] = [];
  let asked = 0;
  const up = fleet.up();
  const ended = up.then(() => true);
  const soon = () => new Promise<false>((resolve) => setImmediate(() => resolve(false)));
  while (!(await Promise.race([ended, soon()]))) {
    asked += 1;
    const { code, stderr } = await fleet.verb("get", "one");
    if (code !== 0) refused.push(stderr);
  }
  expect((await up).code).toBe(0);
  expect(asked).toBeGreaterThan(5);
  expect(refused).toEqual([]);
  expect(await keyOf()).not.toBe(old);
  const file = join(lab.records.folder, "old-key");
  await must(["sh", "-c", 'umask 077; cat > "$1"', "sh", file], { stdin: old });
  const { address } = await lab.host("agent-a");
  const knock = { address, port: 222, subsystem: "convocate-agent-rpc", jump: await fleet.jump() };
  const dialled = await dial({ ...knock, keyFile: file });
  expect(dialled.stderr).toContain("Permission denied (publickey)");
  await until(
    "events come with the new key",
    40_000,
    async () => (await find("one"))?.["reachable"] === true,
  );
});

test("no private key is in the plaintext of state, logs, process lists or messages", async () => {
  const secrets: string[] = [];
  for (const [host, folder] of [
    ["agent-a", "/etc/convocate-agent"],
    ["shell-1", "/etc/convocate"],
  ] as const) {
    const { stdout } = await lab.exec(host, ["sh", "-c", `find ${folder} -name '*_key' -exec sed 1,3d {} +`]);
    secrets.push(...stdout.split("\n").filter((line) => line.length >= 40));
  }
  secrets.push(
    ...readFileSync(lab.records.privateKeyFile, "utf8")
      .split("\n")
      .slice(3)
      .filter((line) => line.length >= 40),
  );
  expect(secrets.length).toBeGreaterThanOrEqual(5);
  const places: Record<string, string> = {
    engine: fleet.transcript,
    "process list": [...fleet.commandLines].join("\n"),
  };
  const folder = join(fleet.stateFolder, ".pulumi");
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (file.includes(fleet.stack) && file.endsWith(".json"))
      places[file] = readFileSync(join(folder, file), "utf8");
  }
  for (const host of ["agent-a", "shell-1"]) {
    const logs = "journalctl --no-pager -o cat; cat /var/log/*.log; ps -eo args";
    places[`logs of ${host}`] = (await lab.exec(host, ["sh", "-c", logs])).stdout;
  }
  expect(Object.keys(places).length).toBeGreaterThan(5);
  for (const [place, text] of Object.entries(places)) {
    const leaked = [...secrets, "PRIVATE KEY-----"].filter((secret) => text.includes(secret));
    expect({ place, leaked: leaked.length }).toEqual({ place, leaked: 0 });
  }
});

test("the lab takes everything away: no container, volume or network is left", async () => {
  await Promise.all(terminals.splice(0).map((terminal) => terminal.end()));
  await fleet.close();
  if ((await run(["docker", "info"])).code !== 0) return; // the engine was the lab's, and is gone as well
  for (const what of [
    ["ps", "-aq"],
    ["volume", "ls", "-q"],
    ["network", "ls", "-q"],
  ]) {
    const left = await must(["docker", ...what, "--filter", `name=${containerName(lab.name, "")}`]);
    expect({ what, left }).toEqual({ what, left: "" });
  }
});
