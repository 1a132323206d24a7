/** Whose lines the shell host takes, and where they go: the real script, with an /etc of its own and a rsyslog that is asked. */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { ScriptHost, type Outcome } from "./script-host.fake.ts";

jest.setTimeout(60_000);

let host: ScriptHost;
beforeEach(() => {
  host = new ScriptHost();
  host.addUser("convocate", 61_337);
  host.addFirewall();
  host.addLogServer();
  mkdirSync(host.path("etc/convocate/agent-keys"));
  writeFileSync(host.path("etc/convocate/status_authorized_keys"), "");
});
afterEach(() => host.remove());

const admit = (id: string, address: string): Promise<Outcome> =>
  host.run(
    "registration",
    { agent_id: id, name: id, address, to_shell_key_pub: "ssh-ed25519 AAAA" },
    "admit",
  );
const deregister = (id: string) =>
  host.run("registration", { agent_id: id, name: id, address: "", drain: "false" }, "deregister");

const settingsFile = () => host.path("etc/rsyslog.d/10-convocate-server.conf");
const settings = () => readFileSync(settingsFile(), "utf8");
const table = (): unknown => JSON.parse(readFileSync(host.path("etc/convocate/log-agents.json"), "utf8"));
const rows = (...agents: [id: string, address: string][]) => ({
  version: 1,
  nomatch: "unknown",
  type: "string",
  table: agents.map(([value, index]) => ({ index, value })),
});
/** What rsyslog was told since this was asked last. */
function told(): string[] {
  const file = host.path("log/rsyslog");
  const said = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
  writeFileSync(file, "");
  return said;
}
const ok = (id: string): Outcome => ({ status: 0, stdout: `{"agent":"${id}"}\n`, stderr: "" });

test("each agent may connect, and its address has its file; rsyslog starts anew only for another list of agents", async () => {
  expect(await admit("b", "10.0.0.22")).toEqual(ok("b"));
  expect(await admit("a", "10.0.0.21")).toEqual(ok("a"));
  expect(settings()).toContain('permittedPeer=["a","b"]');
  expect(table()).toEqual(rows(["a", "10.0.0.21"], ["b", "10.0.0.22"]));
  expect(told().filter((word) => word === "restart")).toHaveLength(2);
  await admit("a", "10.0.0.21");
  expect(told()).toEqual(["is-active"]);
  await admit("a", "10.0.0.29");
  expect(table()).toEqual(rows(["a", "10.0.0.29"], ["b", "10.0.0.22"]));
  expect(told()).toEqual(["is-active", "kill"]);
});

test("an agent that leaves may connect no more; with the last of them nobody listens", async () => {
  await admit("a", "10.0.0.21");
  await admit("b", "10.0.0.22");
  expect(await deregister("a")).toEqual(ok("a"));
  expect(settings()).toContain('permittedPeer=["b"]');
  expect(table()).toEqual(rows(["b", "10.0.0.22"]));
  await deregister("b");
  expect(settings()).not.toMatch(/imtcp|input\(/);
  expect(table()).toEqual(rows());
});

test("one address is one agent's", async () => {
  await admit("a", "10.0.0.21");
  const { status, stderr } = await admit("b", "10.0.0.21");
  expect(status).toBe(1);
  expect(stderr).toContain("b and a have one address, 10.0.0.21: give each agent's host its own");
  expect(table()).toEqual(rows(["a", "10.0.0.21"]));
  // Corrected, it is as if it had never been.
  expect(await admit("b", "10.0.0.22")).toEqual(ok("b"));
});

test("where nobody's lines go, no agent's do", async () => {
  const { status, stderr } = await admit("unknown", "10.0.0.21");
  expect(status).toBe(1);
  expect(stderr).toContain("give the agent another agentId");
});

test("settings that rsyslog does not understand are never in force", async () => {
  await admit("a", "10.0.0.21");
  const before = settings();
  told();
  const { status, stderr } = await admit("bad", "10.0.0.22");
  expect(status).toBe(1);
  expect(stderr).toContain("rsyslog does not understand its new settings");
  expect(settings()).toBe(before);
  expect(told()).toEqual([]);
});

test("settings that it does not run on are taken back", async () => {
  await admit("a", "10.0.0.21");
  const before = settings();
  host.addProgram("systemctl", '[ "$1" != restart ] || ! grep -q \'"b"\' /etc/rsyslog.d/*.conf');
  const { status, stderr } = await admit("b", "10.0.0.22");
  expect(status).toBe(1);
  expect(stderr).toContain("what rsyslog says");
  expect(stderr).toContain("it has its old ones again");
  expect(settings()).toBe(before);
  expect(readdirSync(host.path("etc/rsyslog.d")).filter((name) => name.startsWith("10-convocate"))).toEqual([
    "10-convocate-server.conf",
  ]);
});
