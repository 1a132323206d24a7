/** A fleet with every kind of trouble, on 127.0.0.1: real SSH, a real resolver, real certificates. */
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { webcrypto } from "node:crypto";
import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CheckJson } from "../../protocol/verbs.ts";
import { localAccess } from "../client/access.ts";
import { newKey, type FakeAgent } from "../client/agent.fake.ts";
import { eventually } from "../client/eventually.fake.ts";
import { FakeShellHost, fleetAgent } from "../fleet.fake.ts";
import { doctor } from "./doctor.ts";
import { FakeResolver } from "./resolver.fake.ts";

let host: FakeShellHost;
let resolver: FakeResolver;
const file = (...names: string[]) => join(host.folder, ...names);
beforeEach(async () => {
  host = new FakeShellHost();
  resolver = new FakeResolver();
  await Promise.all([host.fleet.listen(), resolver.listen()]);
  await mkdir(file("var/lib/convocate/hosts.d"), { recursive: true });
  await mkdir(file("var/log/convocate-agent"), { recursive: true });
  await mkdir(file("etc/convocate/rsyslog-ca"), { recursive: true });
});
afterEach(async () => {
  await Promise.all([host.close(), resolver.close()]);
});

const options = () => ({
  access: localAccess({ socket: host.fleet.path, agentKeys: host.agentKeys, homes: "" }),
  shell: { root: host.folder, resolver: resolver.address, agentKeys: host.agentKeys },
});

/** The results of an agent's check, or of the shell host's where no agent is named. */
const resultOf = (checks: CheckJson[], check: CheckJson["check"], agent: string | null = null) =>
  checks.filter((one) => one.check === check && one.agent_id === agent).map(({ result }) => result);

/** The agent's rsyslog: writes a line when it was visited. */
async function logWhenVisited(agent: FakeAgent): Promise<void> {
  const log = file("var/log/convocate-agent", `${agent.id}.log`);
  await writeFile(log, "old\n");
  void eventually(() => expect(agent.calls.map(({ op }) => op)).toContain("ping"), 30_000).then(
    () => appendFile(log, "connection\n"),
    () => {},
  );
}

test("one agent is well, one dead, one mute, one another, one an hour ahead: each is told, and none delays the others", async () => {
  const good = await host.addAgent("good", "h1");
  const dead = await host.addAgent("dead", "h2");
  await dead.close();
  const mute = await host.addAgent("mute", "h3");
  mute.slowness = new Promise(() => {});
  const other = await host.addAgent("other", "h4");
  await other.close();
  other.hostKey = newKey();
  await other.listen();
  const fast = await host.addAgent("fast", "h5");
  fast.ahead = 3_600_000;
  await logWhenVisited(good);
  await writeFile(file("var/log/convocate-agent/fast.log"), "old\n");

  const began = performance.now();
  const checks = await doctor(options());
  // The mute agent is given 5 s, a log that stays still another 5.
  expect(performance.now() - began).toBeLessThan(25_000);
  const of = (agent: string) =>
    Object.fromEntries(
      checks.filter(({ agent_id }) => agent_id === agent).map(({ check, result }) => [check, result]),
    );
  expect(of("good")).toMatchObject({ reachable: "ok", host_key: "ok", login: "ok", clock: "ok", log: "ok" });
  expect(of("dead")).toMatchObject({ reachable: "fail" });
  expect(of("mute")).toMatchObject({ reachable: "fail" });
  expect(of("other")).toMatchObject({ reachable: "ok", host_key: "fail" });
  expect(of("fast")).toMatchObject({ reachable: "ok", clock: "fail", log: "warn" });
  expect(checks.find(({ check, agent_id }) => check === "clock" && agent_id === "fast")?.found).toBe(
    "3600 s ahead",
  );
  for (const agent of ["dead", "mute", "other"]) expect(of(agent)).not.toHaveProperty("clock");
  await eventually(() => expect(mute.connections + good.connections).toBe(0), 20_000);
}, 90_000);

test("an agent that refuses our key, and one without a pin", async () => {
  const locked = await host.addAgent("locked", "h1");
  await writeFile(join(host.agentKeys, "locked", "shell_to_agent_ed25519_key"), newKey().private);
  const unpinned = await host.addAgent("unpinned", "h2");
  await writeFile(join(host.agentKeys, "unpinned", "host_key.pub"), "");
  const checks = await doctor(options());
  expect(resultOf(checks, "login", locked.id)).toEqual(["fail"]);
  expect(resultOf(checks, "host_key", unpinned.id)).toEqual(["fail"]);
  expect(resultOf(checks, "reachable", unpinned.id)).toEqual([]);
}, 60_000);

test("without a status daemon: said, and the registered agents are looked at all the same", async () => {
  await host.addAgent("a1", "h1");
  await host.fleet.close();
  const checks = await doctor(options());
  expect(resultOf(checks, "fleet")).toEqual(["fail"]);
  expect(resultOf(checks, "reachable", "a1")).toEqual(["ok"]);
  expect(resultOf(checks, "heartbeat", "a1")).toEqual([]);
  expect(await doctor({ ...options(), shell: null })).toHaveLength(2);
  await host.fleet.listen();
}, 60_000);

test("one agent only, where one is named; who is not there is an error", async () => {
  await host.addAgent("a1", "h1");
  await host.addAgent("a2", "h2");
  const checks = await doctor({ ...options(), agent: "h2" });
  expect(new Set(checks.map(({ agent_id }) => agent_id))).toEqual(new Set([null, "a2"]));
  expect(resultOf(checks, "dns")).toEqual([]);
  await expect(doctor({ ...options(), agent: "nobody" })).rejects.toMatchObject({ code: "not_found" });
}, 60_000);

test("an id that is none names no file", async () => {
  host.fleet.tell({ type: "agent", agent: fleetAgent("../../../etc", "h1") });
  const checks = await doctor(options());
  expect(resultOf(checks, "reachable", "../../../etc")).toEqual(["fail"]);
  expect(resultOf(checks, "log", "../../../etc")).toEqual([]);
}, 60_000);

test("names: the resolver gives what the status daemon published, something else, nothing, or is not there", async () => {
  const published = (text: string) => writeFile(file("var/lib/convocate/hosts.d/sessions"), text);
  const dns = async (more = {}) => {
    const { shell, access } = options();
    return resultOf(await doctor({ access, shell: { ...shell, ...more } }), "dns");
  };
  expect(await dns()).toEqual(["warn"]);
  await published("");
  expect(await dns()).toEqual(["ok"]);
  await published("10.0.0.1 api.fleet.example # a1 u1\n10.0.0.2 web.fleet.example # a2 u2\n");
  resolver.names.set("api.fleet.example", "10.0.0.1").set("web.fleet.example", "10.0.0.2");
  expect(await dns()).toEqual(["ok"]);
  resolver.names.set("web.fleet.example", "10.0.0.9");
  expect(await dns()).toEqual(["fail"]);
  resolver.names.delete("web.fleet.example");
  expect(await dns()).toEqual(["fail"]);
  const gone = resolver.address;
  await resolver.close();
  expect(await dns({ resolver: gone })).toEqual(["warn"]);
  resolver = new FakeResolver();
  await resolver.listen();
}, 60_000);

/** A certificate that ends in so many days. */
async function certificate(days: number): Promise<string> {
  const signingAlgorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(signingAlgorithm, true, ["sign", "verify"]);
  const made = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: "01",
      name: "CN=trial",
      notBefore: new Date(Date.now() - 100 * 86_400_000),
      notAfter: new Date(Date.now() + days * 86_400_000),
      signingAlgorithm,
      keys,
    },
    webcrypto,
  );
  return `${made.toString("pem")}\n`;
}

test("certificates: of an authority that changes the new one counts, of the server its own", async () => {
  const written = async (ca: string, server: string) => {
    await writeFile(file("etc/convocate/rsyslog-ca/ca.pem"), ca);
    await writeFile(file("etc/convocate/rsyslog-ca/server.pem"), server);
    const checks = await doctor(options());
    return checks.filter(({ check }) => check === "certificate").map(({ result }) => result);
  };
  const [old = "", soon = "", long = ""] = await Promise.all([-1, 10, 300].map(certificate));
  expect(resultOf(await doctor(options()), "certificate")).toEqual(["warn", "warn"]);
  expect(await written(old + long, long)).toEqual(["ok", "ok"]);
  expect(await written(long, soon + long)).toEqual(["ok", "warn"]);
  expect(await written(old, old + long)).toEqual(["fail", "fail"]);
  expect(await written("nonsense", "")).toEqual(["warn", "warn"]);
}, 60_000);
