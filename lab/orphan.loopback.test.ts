/** Orphans from end to end on 127.0.0.1: the real status daemon finds them, the real verb brings them to a real agent. */
import { execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ScratchAgent } from "../daemons/agent/scratch-agent.ts";
import { FakeEngine } from "../daemons/docker/engine.fake.ts";
import { realClock } from "../daemons/host/clock.ts";
import { MemoryLog } from "../daemons/host/log.fake.ts";
import { createKeyPair } from "../daemons/ssh/keypair.fake.ts";
import { ConfigDir } from "../daemons/status/registration.fake.ts";
import { serve, type StatusDaemon } from "../daemons/status/serve.ts";
import { registrationFiles } from "../protocol/config.ts";
import { readFleet } from "../tui/client/fleet-socket.ts";
import { eventually } from "../tui/client/eventually.fake.ts";
import { Cable } from "./cable.ts";

jest.setTimeout(90_000);
const patience = 30_000;
const node = join(import.meta.dirname, "../node_modules/.bin/node");
const main = join(import.meta.dirname, "../tui/main.ts");
const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

const engine = new FakeEngine();
engine.images.add("convocate:1");
const statusHostKey = createKeyPair("host");
let folder: string;
let agent: ScratchAgent;
let status: StatusDaemon;
let cable: Cable;
let config: ConfigDir;

beforeEach(async () => {
  folder = fs.mkdtempSync(join(tmpdir(), "convocate-orphan-"));
  fs.mkdirSync(homes());
  config = new ConfigDir(folder);
  fs.writeFileSync(join(folder, "status_host_ed25519_key"), statusHostKey.privateKey);
  status = await serve({
    configDir: folder,
    stateDir: folder,
    homes: homes(),
    agentConfig: join(folder, "agent"),
    address: "127.0.0.1",
    port: 0,
    socket: join(folder, "fleet.sock"),
    clock: realClock,
    log: new MemoryLog(),
  });
  const shell = { host: "127.0.0.1", port: status.port, hostKey: statusHostKey.publicKey };
  agent = new ScratchAgent({ engine, image: "convocate:1", shell });
  config.authorize(agent.toShell.publicKey);
  await agent.open();
  cable = new Cable();
  const port = await cable.listen(() => agent.port);
  config.register(agent.id, "agent-a", `127.0.0.1:${String(port)}`);
  const files = {
    [registrationFiles.hostKey]: agent.hostKey.publicKey,
    [registrationFiles.toAgentKey]: agent.fromShell.privateKey,
  };
  for (const [name, text] of Object.entries(files))
    fs.writeFileSync(join(folder, "agent-keys", agent.id, name), text, { mode: 0o600 });
});
afterEach(async () => {
  await cable.close();
  await agent.close();
  await status.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

const homes = () => join(folder, "homes");
const home = (n: number) => join(homes(), uuid(n));

async function convocate(...args: string[]): Promise<{ status: number | null; out: string; err: string }> {
  const places = [
    "--socket",
    join(folder, "fleet.sock"),
    "--agent-keys",
    join(folder, "agent-keys"),
    "--homes",
    homes(),
  ];
  const child = spawn(node, [main, ...places, ...args], {
    env: { PATH: process.env["PATH"] },
    timeout: 60_000,
  });
  const [texts, ended] = [
    { out: "", err: "" },
    new Promise<number | null>((resolve) => child.on("close", resolve)),
  ];
  child.stdout.on("data", (chunk: Buffer) => (texts.out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (texts.err += chunk.toString()));
  return { status: await ended, ...texts };
}
const listed = async () => JSON.parse((await convocate("ls", "--json")).out) as Record<string, unknown>[];
/** What the status daemon tells, asked as the list asks it: a verb would cost a process each time. */
const fleet = () => readFleet({ openFleet: () => connect(join(folder, "fleet.sock")) });
const becomes = (check: () => Promise<void>) => eventually(check, patience);
const becomesSession = () =>
  becomes(async () => expect((await fleet()).sessions).toMatchObject([{ uuid: uuid(1), state: "stopped" }]));

/** An orphan, once the list shows it with its size. */
async function lay(n: number, copy: object = {}): Promise<void> {
  fs.mkdirSync(join(home(n), "work"), { recursive: true });
  fs.writeFileSync(join(home(n), "work", "notes"), `of orphan ${String(n)}`);
  fs.writeFileSync(join(home(n), "work", "big"), Buffer.alloc(4 << 20, String(n)));
  const said = { uuid: uuid(n), name: `orphan ${String(n)}`, created_at: "2026-01-01T00:00:00.000Z" };
  const text = JSON.stringify({ ...said, last_accessed: "2026-01-02T00:00:00.000Z", ...copy });
  fs.writeFileSync(join(home(n), "session.json"), text);
  await becomes(async () =>
    expect((await fleet()).orphans).toContainEqual(
      expect.objectContaining({ uuid: uuid(n), bytes: expect.any(Number) as number }),
    ),
  );
}
/** Whole on the shell host, and nothing of it on the agent. */
async function expectUntouched(n: number): Promise<void> {
  expect(fs.readFileSync(join(home(n), "work", "notes"), "utf8")).toBe(`of orphan ${String(n)}`);
  expect(fs.statSync(join(home(n), "work", "big")).size).toBe(4 << 20);
  const left = () =>
    [agent.homes, join(agent.stateDir, "sessions")]
      .flatMap((at) => fs.readdirSync(at))
      .filter((name) => name.includes(uuid(n)));
  await eventually(() => expect(left()).toEqual([]), patience);
  expect(fs.existsSync(`${home(n)}.lock`)).toBe(false);
}
const broughtTo = (n: number, name: string) =>
  fs.readFileSync(join(agent.homes, uuid(n), "work", name), "utf8");

test("an orphan is listed with size and age, adopted onto the least loaded agent, startable there, and gone from the shell host", async () => {
  await lay(1, { port: 8080, dns_name: "web", limits: { pids: 1e9 }, command: "evil", mounts: ["/"] });
  expect((await convocate("ls")).out).toMatch(
    /^O {2}00000000 {2}orphan 1 +- +8080\/tcp +web +\d+[dwy] +orphan, 4\.0 MiB/m,
  );
  const ran = await convocate("adopt", "orphan 1", "--json");
  expect(ran).toMatchObject({ status: 0, err: "" });
  expect(JSON.parse(ran.out)).toMatchObject({
    uuid: uuid(1),
    name: "orphan 1",
    agent_id: agent.id,
    host: "agent-a",
    port: 8080,
  });
  expect(broughtTo(1, "notes")).toBe("of orphan 1");
  expect(fs.readdirSync(homes())).toEqual([]);
  await becomesSession();
  expect(await listed()).toMatchObject([
    { uuid: uuid(1), state: "stopped", last_accessed: "2026-01-02T00:00:00.000Z", size_bytes: null },
  ]);
  expect((await convocate("restart", "orphan 1")).status).toBe(0);
  // What its own root wrote into its copy grants it nothing.
  expect(JSON.stringify(engine.containers.get(uuid(1))?.spec)).not.toMatch(/evil|1000000000/);
});

test("refused with what to do, and both ends as they were: a taken port, a taken DNS name, an odd name, no room, an unknown one; with the fix it goes", async () => {
  await lay(1, { name: "ödd", port: 8080, dns_name: "web" });
  expect((await convocate("new", "holder", "--port", "8080", "--dns-name", "web")).status).toBe(0);
  const refused = async (status: number, words: RegExp, ...args: string[]) => {
    expect(await convocate("adopt", ...args)).toMatchObject({
      status,
      err: expect.stringMatching(words) as string,
    });
    await expectUntouched(1);
  };
  await refused(2, /use letters, .*: --name gives it another/, uuid(1));
  await refused(4, /DNS name "web" .*: --dns-name gives it another/, uuid(1), "--name", "odd");
  await refused(
    4,
    /port 8080\/tcp .*: --port auto gives it a free one/,
    uuid(1),
    "--name",
    "odd",
    "--dns-name",
    "",
  );
  await refused(3, /no orphan is named "holder"/, "holder");
  await refused(3, /no agent "nowhere"/, uuid(1), "--agent", "nowhere");
  agent.load.diskOf = { total: 100 << 20, used: 89 << 20 };
  const fixed = [uuid(1), "--name", "odd", "--dns-name", "odd", "--port", "auto"];
  await refused(4, /disk: 0\.0 GiB asked, 0\.1 of 0\.1 GiB in use/, ...fixed);
  agent.load.diskOf = { total: 2 ** 40, used: 0 };
  const { status, out } = await convocate("adopt", ...fixed, "--agent", "agent-a", "--json");
  expect([status, JSON.parse(out)]).toMatchObject([0, { name: "odd", dns_name: "odd", port: 1001 }]);
  // Every other verb says what it is, and what makes it a session.
  await lay(2);
  expect(await convocate("restart", "orphan 2")).toMatchObject({
    status: 3,
    err: expect.stringContaining("is an orphan: `convocate adopt`") as string,
  });
});

test("the network is cut in the middle: the orphan is whole, the agent clean, and run again it goes", async () => {
  await lay(1);
  cable.cutAfter = 2 << 20;
  const cut = await convocate("adopt", "orphan 1");
  expect(cut).toMatchObject({ status: 5, err: expect.stringContaining("the connection was lost") as string });
  await expectUntouched(1);
  cable.mend();
  expect((await convocate("adopt", "orphan 1")).status).toBe(0);
  expect(broughtTo(1, "notes")).toBe("of orphan 1");
});

test("killed after the agent had it and before the directory was let go: run again, it finishes", async () => {
  await lay(1);
  const kept = join(folder, "kept");
  execFileSync("cp", ["-a", home(1), kept]);
  expect((await convocate("adopt", uuid(1))).status).toBe(0);
  // What a run that was killed leaves: the directory, and a lock of a process that is not there any more.
  execFileSync("cp", ["-a", kept, home(1)]);
  fs.writeFileSync(`${home(1)}.lock`, "999999 1\n");
  await becomesSession();
  expect(await convocate("adopt", uuid(1))).toMatchObject({ status: 0, err: "" });
  expect(fs.readdirSync(homes())).toEqual([]);
  expect(await listed()).toHaveLength(1);
  // It is not finished by something else than what came, nor when the session was used since.
  execFileSync("cp", ["-a", kept, home(1)]);
  fs.appendFileSync(join(home(1), "work", "notes"), "more");
  expect(await convocate("adopt", uuid(1))).toMatchObject({
    status: 4,
    err: expect.stringContaining("is not what lies in") as string,
  });
  fs.rmSync(home(1), { recursive: true });
  execFileSync("cp", ["-a", kept, home(1)]);
  expect((await convocate("restart", uuid(1))).status).toBe(0);
  expect((await convocate("adopt", uuid(1))).status).toBe(4);
  expect(fs.existsSync(join(home(1), "work", "notes"))).toBe(true);
});

test("--keep-source keeps the directory under a name that is no session's; one that is in the way is told before anything moves", async () => {
  await lay(1);
  fs.mkdirSync(join(homes(), `.kept-${uuid(1)}`));
  expect(await convocate("adopt", uuid(1), "--keep-source")).toMatchObject({
    status: 4,
    err: expect.stringContaining("is there already") as string,
  });
  await expectUntouched(1);
  fs.rmdirSync(join(homes(), `.kept-${uuid(1)}`));
  expect((await convocate("adopt", uuid(1), "--keep-source")).status).toBe(0);
  expect(fs.readdirSync(homes())).toEqual([`.kept-${uuid(1)}`]);
  await becomesSession();
});

test("an orphan that another operator, or migrate-session, is at is refused", async () => {
  await lay(1);
  const started = fs.readFileSync("/proc/self/stat", "utf8").replace(/.*\) /, "").split(" ")[19] ?? "";
  fs.writeFileSync(`${home(1)}.lock`, `${String(process.pid)} ${started}\n`);
  expect(await convocate("adopt", uuid(1))).toMatchObject({
    status: 4,
    err: expect.stringContaining("locked") as string,
  });
  expect(await convocate("rm", uuid(1))).toMatchObject({ status: 4 });
  expect(fs.existsSync(join(home(1), "work", "notes"))).toBe(true);
});

/** What a session's own root leaves in its home for whoever packs it. */
const traps: [string, string][] = [
  [
    "links to the host's secrets and all of its system, FIFOs also for a copy, names that are tar's options or act on a terminal, a terabyte of hole",
    `ln -s /etc/shadow secret; ln -s / all; rm session.json; mkfifo session.json pipe; truncate -s 1T hole
     touch -- '--checkpoint-action=exec=touch evil' '-C' $'\\e]0;x\\a\\n'`,
  ],
  ["a folder for a copy", "rm session.json; mkdir session.json; touch session.json/x"],
];
test.each(traps)("what a session left behind is brought as it lies there: %s", async (_, script) => {
  await lay(1);
  execFileSync("bash", ["-ec", script], { cwd: home(1) });
  const ran = await convocate("adopt", uuid(1), "--name", "trap");
  expect(ran).toMatchObject({ status: 0, err: "" });
  expect(broughtTo(1, "notes")).toBe("of orphan 1");
  const there = join(agent.homes, uuid(1));
  const links = ["secret", "all"].filter((name) =>
    fs.lstatSync(join(there, name), { throwIfNoEntry: false }),
  );
  for (const link of links) expect(fs.lstatSync(join(there, link)).isSymbolicLink()).toBe(true);
  expect(fs.existsSync(join(there, "evil")) || fs.existsSync("evil")).toBe(false);
  expect(JSON.parse(fs.readFileSync(join(there, "session.json"), "utf8"))).toMatchObject({
    uuid: uuid(1),
    name: "trap",
  });
});

test("rm removes an orphan whole, whatever its depth, and reaches nothing that it links to", async () => {
  await lay(1);
  const precious = join(folder, "precious");
  fs.mkdirSync(precious);
  fs.writeFileSync(join(precious, "file"), "keep me");
  fs.symlinkSync(precious, join(home(1), "link"));
  execFileSync(
    "bash",
    ["-c", "for i in {1..300}; do mkdir dddddddddddddddddddd && cd dddddddddddddddddddd; done"],
    { cwd: home(1) },
  );
  const ran = await convocate("rm", "orphan 1", "--json");
  expect([ran.status, JSON.parse(ran.out)]).toEqual([
    0,
    { done: "removed", uuid: uuid(1), name: "orphan 1", agent_id: null },
  ]);
  expect(fs.readdirSync(homes())).toEqual([]);
  expect(fs.readFileSync(join(precious, "file"), "utf8")).toBe("keep me");
  await becomes(async () => expect((await fleet()).orphans ?? []).toEqual([]));
});
