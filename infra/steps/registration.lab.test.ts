/** The real script, run by root on this machine with an /etc of its own. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { ScriptHost, type Outcome } from "./script-host.fake.ts";

jest.setTimeout(60_000);

const gid = 61_337;
const administrators = "allow from 10.0.0.21 to any port 53";
const secret = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----";

let host: ScriptHost;
beforeEach(() => {
  host = new ScriptHost();
  host.addUser("convocate", gid);
  chmodSync(host.path("log"), 0o777);
  host.addFirewall(administrators);
  host.addLogServer();
  agentAnswers(0, "retired");
  mkdirSync(host.path("etc/convocate/agent-keys"));
  writeFileSync(keysFile(), "");
});
afterEach(() => host.remove());

/** What `convocate retire` does; it also notes how it was called, and by whom. */
const agentAnswers = (status: number, said: string) =>
  host.addProgram(
    "convocate",
    `echo "$(id -un) $*" >>/var/log/asked\necho '${said}' >&2\nexit ${String(status)}`,
  );
const asked = () => (existsSync(host.path("log/asked")) ? readFileSync(host.path("log/asked"), "utf8") : "");

const keysFile = () => host.path("etc/convocate/status_authorized_keys");
const keys = () =>
  readFileSync(keysFile(), "utf8")
    .split("\n")
    .filter((line) => line !== "");
const folder = (id: string) => host.path("etc/convocate/agent-keys", id);
const file = (id: string, name: string) => readFileSync(`${folder(id)}/${name}`, "utf8");

const inputs = (id: string, change: Record<string, string> = {}) => ({
  agent_id: id,
  drain: "false",
  log_until: "2030-01-01T00:00:00Z",
  name: `host-of-${id}`,
  address: "10.0.0.21",
  host_key_pub: "ssh-ed25519 AAAAhost",
  to_agent_key: secret,
  to_agent_key_pub: "ssh-ed25519 AAAAshell",
  to_shell_key_pub: `ssh-ed25519 AAAA${id}`,
  ...change,
});
const register = (id: string, change?: Record<string, string>) =>
  host.run("registration", inputs(id, change), "register");
const deregister = (id: string, change?: Record<string, string>) =>
  host.run("registration", inputs(id, change), "deregister");
const done = (id: string): Outcome => ({ status: 0, stdout: `{"agent":"${id}"}\n`, stderr: "" });

test("a shell host that is reached another way from now on keeps its agents: the old resource takes nothing away", async () => {
  for (const [from, to] of [
    [{}, { way: "here" }],
    [{ way: "here" }, {}],
  ]) {
    await register("a1", from);
    await register("a1", to);
    expect(await deregister("a1", from)).toEqual(done("a1"));
    expect(keys()).toEqual(["ssh-ed25519 AAAAa1 agent=a1"]);
    expect(asked()).toBe("");
  }
  expect(await deregister("a1", {})).toEqual(done("a1"));
  expect(keys()).toEqual([]);
});

test("an agent is registered: address, keys, and the line that admits it", async () => {
  expect(await register("a1")).toEqual(done("a1"));
  expect(readdirSync(folder("a1")).sort()).toEqual([
    "agent-host",
    "host_key.pub",
    "log-certificate-until",
    "name",
    "shell_to_agent_ed25519_key",
    "shell_to_agent_ed25519_key.pub",
  ]);
  expect(file("a1", "agent-host")).toBe("10.0.0.21\n");
  expect(file("a1", "shell_to_agent_ed25519_key")).toBe(`${secret}\n`);
  expect(keys()).toEqual(["ssh-ed25519 AAAAa1 agent=a1"]);
});

test("another key of an agent is admitted beside the one it has, until it is registered", async () => {
  const admit = (id: string, key: string) =>
    host.run(
      "registration",
      { agent_id: id, name: id, address: "10.0.0.21", to_shell_key_pub: key },
      "admit",
    );
  await register("a1");
  await register("a2");
  const others = "ssh-ed25519 AAAAa2 agent=a2";
  for (let twice = 0; twice < 2; twice += 1) {
    expect(await admit("a1", "ssh-ed25519 AAAAnew")).toEqual(done("a1"));
    expect(keys().sort()).toEqual(
      ["ssh-ed25519 AAAAa1 agent=a1", "ssh-ed25519 AAAAnew agent=a1", others].sort(),
    );
  }
  await register("a1", { to_shell_key_pub: "ssh-ed25519 AAAAnew" });
  expect(keys().sort()).toEqual(["ssh-ed25519 AAAAnew agent=a1", others].sort());
});

test("an agent's address gets the ports of the shell host, and loses them; an administrator's rules stay", async () => {
  const admit = (id: string, address: string) =>
    host.run(
      "registration",
      { agent_id: id, name: id, address, to_shell_key_pub: "ssh-ed25519 AAAA" },
      "admit",
    );
  const rule = (id: string, address: string, port: string) =>
    `ufw allow from ${address} to any port ${port} comment 'convocate: agent ${id}'`;
  const of = (id: string, address: string) =>
    ["223 proto tcp", "514 proto tcp", "53"].map((port) => rule(id, address, port));
  // What is allowed already is the administrator's, and not taken for ours.
  const first = of("a1", "10.0.0.21").slice(0, 2);
  for (let twice = 0; twice < 2; twice += 1) {
    expect(await admit("a1", "10.0.0.21")).toEqual(done("a1"));
    expect(host.firewall()).toEqual([`ufw ${administrators}`, ...first]);
  }
  await admit("a11", "10.0.0.22");
  await admit("a1", "10.0.0.23");
  const all = [`ufw ${administrators}`, ...of("a11", "10.0.0.22"), ...of("a1", "10.0.0.23")];
  expect(host.firewall()).toEqual(all);
  expect(await deregister("a1")).toEqual(done("a1"));
  expect(host.firewall()).toEqual(all.slice(0, 4));
});

test("an agent with another id leaves nothing of the one before; until it is registered, that one works", async () => {
  const anew = { name: "host-a", address: "10.0.0.23" };
  const other = { name: "host-b", address: "10.0.0.24" };
  const admit = (id: string, change: Record<string, string>) =>
    host.run("registration", inputs(id, change), "admit");
  for (const [id, change] of [
    ["a1", anew],
    ["b1", other],
  ] as const) {
    expect(await admit(id, change)).toEqual(done(id));
    expect(await register(id, change)).toEqual(done(id));
  }
  expect(host.firewall().filter((rule) => rule.endsWith("agent a1'"))).toHaveLength(3);
  for (let twice = 0; twice < 2; twice += 1) {
    expect(await admit("a2", anew)).toEqual(done("a2"));
    expect(keys().sort()).toEqual(["a1", "a2", "b1"].map((id) => `ssh-ed25519 AAAA${id} agent=${id}`));
    expect(existsSync(folder("a1"))).toBe(true);
  }
  expect(await register("a2", anew)).toEqual(done("a2"));
  expect(keys().sort()).toEqual(["a2", "b1"].map((id) => `ssh-ed25519 AAAA${id} agent=${id}`));
  expect(readdirSync(host.path("etc/convocate/agent-keys")).sort()).toEqual(["a2", "b1"]);
  const held = (id: string) => host.firewall().filter((rule) => rule.endsWith(`agent ${id}'`)).length;
  expect(["a1", "a2", "b1"].map(held)).toEqual([0, 3, 3]);
  expect(asked()).toBe("");
});

test("an agent whose address has no answer loses no rule, and is named", async () => {
  const before = host.firewall();
  const inputs = {
    agent_id: "a1",
    name: "a1",
    address: "none.invalid",
    to_shell_key_pub: "ssh-ed25519 AAAA",
  };
  const { status, stderr } = await host.run("registration", inputs, "admit");
  expect(status).not.toBe(0);
  expect(stderr).toContain("none.invalid has no address here: correct the host's address in the stack file");
  expect(host.firewall()).toEqual(before);
});

test("keys are for root and the daemons' group alone", async () => {
  await register("a1");
  const rights = (path: string) => {
    const { mode, uid, gid: group } = statSync(path);
    return [(mode & 0o777).toString(8), uid, group];
  };
  expect(rights(folder("a1"))).toEqual(["750", 0, gid]);
  expect(rights(`${folder("a1")}/shell_to_agent_ed25519_key`)).toEqual(["640", 0, gid]);
  expect(rights(keysFile())).toEqual(["640", 0, gid]);
  expect(rights(host.path("log/convocate-provision.log"))[0]).toBe("600");
});

test("a second time changes nothing; a changed key or address replaces the old one", async () => {
  await register("a1");
  await register("a2");
  const before = statSync(keysFile()).ino;
  expect(await register("a2")).toEqual(done("a2"));
  expect(statSync(keysFile()).ino).toBe(before);
  expect(await register("a1", { to_shell_key_pub: "ssh-ed25519 AAAAnew", address: "10.0.0.99" })).toEqual(
    done("a1"),
  );
  expect(keys().sort()).toEqual(["ssh-ed25519 AAAAa2 agent=a2", "ssh-ed25519 AAAAnew agent=a1"]);
  expect(file("a1", "agent-host")).toBe("10.0.0.99\n");
  expect(readdirSync(host.path("etc/convocate/agent-keys")).sort()).toEqual(["a1", "a2"]);
});

test("an interrupted run is finished by the next one", async () => {
  mkdirSync(folder(".new-a1"));
  writeFileSync(`${folder(".new-a1")}/name`, "half");
  expect(await register("a1")).toEqual(done("a1"));
  expect(readdirSync(host.path("etc/convocate/agent-keys"))).toEqual(["a1"]);
});

test("a registration is taken away, twice if need be, and the others' stay", async () => {
  for (const id of ["a1", "a11", "a2"]) await register(id);
  expect(await deregister("a1")).toEqual(done("a1"));
  expect(await deregister("a1")).toEqual(done("a1"));
  expect(await deregister("never-there")).toEqual(done("never-there"));
  expect(keys()).toEqual(["ssh-ed25519 AAAAa11 agent=a11", "ssh-ed25519 AAAAa2 agent=a2"]);
  expect(readdirSync(host.path("etc/convocate/agent-keys")).sort()).toEqual(["a11", "a2"]);
  for (const id of ["a11", "a2"]) await deregister(id);
  expect(keys()).toEqual([]);
  await register("a3");
  expect(readFileSync(keysFile(), "utf8")).toBe("ssh-ed25519 AAAAa3 agent=a3\n");
});

test("an agent is asked to retire before it goes, by the daemons' user; nobody is asked who is not registered", async () => {
  await register("a1");
  await register("a2");
  expect(await deregister("a1")).toEqual(done("a1"));
  expect(await deregister("a2", { drain: "force" })).toEqual(done("a2"));
  expect(await deregister("a2")).toEqual(done("a2"));
  expect(asked()).toBe("convocate retire a1\nconvocate retire a2 --force\n");
});

test("an agent whose sessions run stays, whole, and the remedy is said; a dead one goes", async () => {
  await register("a1");
  agentAnswers(4, '1 sessions run: "one"');
  const { status, stderr } = await deregister("a1");
  expect(status).toBe(1);
  expect(stderr).toMatch(/step "ask host-of-a1 to retire" of registration \(deregister\) failed/);
  expect(stderr).toContain('host-of-a1 stays in the fleet: 1 sessions run: "one"');
  expect(stderr).toContain("drain: force");
  expect(keys()).toHaveLength(1);
  expect(file("a1", "agent-host")).toBe("10.0.0.21\n");
  agentAnswers(5, "a1 did not answer within 10 s");
  expect(await deregister("a1")).toEqual(done("a1"));
  expect(keys()).toEqual([]);
});

test("runs at the same time lose nothing", async () => {
  await Promise.all(["b1", "b2"].map((id) => register(id)));
  const ids = Array.from({ length: 8 }, (_, i) => `a${String(i)}`);
  const outcomes = await Promise.all([...ids.map((id) => register(id)), deregister("b1"), deregister("b2")]);
  expect(outcomes.map(({ status }) => status)).toEqual(outcomes.map(() => 0));
  expect(keys().sort()).toEqual(ids.map((id) => `ssh-ed25519 AAAA${id} agent=${id}`));
  expect(readdirSync(host.path("etc/convocate/agent-keys")).sort()).toEqual(ids);
}, 20_000);

test("keys that cannot be read are an error, not no keys", async () => {
  renameSync(keysFile(), `${keysFile()}.away`);
  const { status, stderr } = await register("a1");
  expect(status).not.toBe(0);
  expect(stderr).toMatch(/^step "admit the key of host-of-a1" of registration \(register\) failed on /);
  expect(existsSync(keysFile())).toBe(false);
});
