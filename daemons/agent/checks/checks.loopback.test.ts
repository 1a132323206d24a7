import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeEngine } from "../../docker/engine.fake.ts";
import { PlainClient } from "../client.fake.ts";
import { ScratchAgent } from "../scratch-agent.ts";
import { uuid } from "../scratch-folder.fake.ts";
import { reportLines, runChecks, type Report } from "./run.ts";

let engine: FakeEngine;
let agent: ScratchAgent;
let connect: () => Promise<FakeEngine>;

beforeEach(async () => {
  engine = new FakeEngine();
  engine.images.add("convocate:1");
  connect = () => Promise.resolve(engine);
  agent = new ScratchAgent({ engine, image: "convocate:1" });
  await agent.open();
});
afterEach(() => agent.close());

const look = (): Promise<Report> => {
  const { configDir, stateDir, homes, port, load } = agent;
  return runChecks({
    configDir,
    stateDir,
    homes,
    address: "127.0.0.1",
    port,
    shellPort: 1,
    uid: 1337,
    connect,
    load,
  });
};
const levelOf = async (wanted: string) => (await look()).find(({ name }) => name === wanted)?.level;
const config = (name: string) => join(agent.configDir, name);

test("of an agent that is well nothing has failed, and nothing is changed by looking", async () => {
  const client = await PlainClient.connect(agent);
  await client.result("create", { name: "s" });
  client.close();
  const files = () => [agent.configDir, agent.stateDir, agent.homes].map((folder) => readdirSync(folder));
  const before = files();
  const report = await look();
  expect(report.filter(({ level }) => level === "fail")).toEqual([]);
  expect(report.map(({ name, level }) => `${name}: ${level}`)).toEqual([
    ...["settings: ok", "host key: ok", "authorized keys: ok", "Docker Engine: ok", "session image: ok"],
    ...["slice: warn", "homes: ok", "sessions: ok", "locks: ok", "disk: ok", "service: ok", "listening: ok"],
    "shell host: warn",
  ]);
  expect(files()).toEqual(before);
});

const faults: [string, "warn" | "fail", () => unknown][] = [
  ["settings", "fail", () => writeFileSync(config("config.json"), "{")],
  ["host key", "fail", () => writeFileSync(config("ssh_host_ed25519_key"), "no key")],
  ["host key", "fail", () => chmodSync(config("ssh_host_ed25519_key"), 0o644)],
  [
    "authorized keys",
    "fail",
    () => writeFileSync(config("authorized_keys"), `${agent.operator.publicKey}\n`),
  ],
  ["Docker Engine", "fail", () => (connect = () => Promise.reject(new Error("connect ENOENT")))],
  ["Docker Engine", "warn", () => (engine.liveRestore = false)],
  ["session image", "fail", () => engine.images.clear()],
  ["session image", "fail", () => rmSync(config("current-image"))],
  ["sessions", "fail", () => writeFileSync(join(agent.stateDir, "sessions", `${uuid(1)}.json`), "{}")],
  ["sessions", "warn", () => writeFileSync(join(agent.stateDir, "sessions", `${uuid(1)}.json.broken`), "{")],
  ["homes", "fail", () => renameSync(agent.homes, `${agent.homes}.away`)],
  ["locks", "warn", () => writeFileSync(join(agent.homes, `${uuid(1)}.lock`), "999999999")],
  ["disk", "fail", () => (agent.load.diskOf = { total: 100, used: 95 })],
  ["service", "warn", () => writeFileSync(join(agent.stateDir, "retired"), "")],
  ["listening", "fail", () => agent.stop()],
  ["shell host", "fail", () => writeFileSync(config("shell-host"), "127.0.0.1")],
];
test.each(faults)("%s: %s, with a remedy", async (name, level, break_) => {
  await break_();
  expect(await levelOf(name)).toBe(level);
  expect((await look()).find((finding) => finding.name === name)?.remedy).toMatch(/\w/);
});

test("a folder that is missing altogether is one finding, not the end of the others", async () => {
  rmSync(agent.stateDir, { recursive: true });
  mkdirSync(agent.stateDir);
  const report = await look();
  expect(report.find(({ name }) => name === "sessions")?.level).toBe("fail");
  expect(report).toHaveLength(13);
});

test("the lines for a terminal line up, with remedies below what they are for", () => {
  expect(
    reportLines([
      { name: "disk", level: "ok", says: "much free" },
      { name: "session image", level: "fail", says: "none", remedy: "run `pulumi up`" },
    ]),
  ).toEqual([
    "ok    disk           much free",
    "fail  session image  none",
    "                     run `pulumi up`",
  ]);
});
