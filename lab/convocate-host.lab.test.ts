/** convocate-host on real hosts: from machines that were never touched to a fleet, by the command alone. The tests build on each other. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fingerprintOf } from "../infra/cli/host-key.ts";
import { run, type Outcome } from "./command.ts";
import { TestFleet } from "./test-fleet.ts";

jest.setTimeout(600_000);

const fleet = new TestFleet("convocate-host");
const { lab } = fleet;
const command = join(import.meta.dirname, "../script/convocate-host");

const host = (verb: string, ...words: string[]): Promise<Outcome> =>
  run([command, verb, ...words, "--stack", fleet.stack], { timeoutMs: 500_000 });

/** Runs a verb with --json; its exit status, and what became of each host. */
async function outcome(verb: string, ...words: string[]) {
  const { code, stdout, stderr } = await host(verb, ...words, "--json");
  const events = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const of = (type: string) => events.filter((event) => event["type"] === type);
  return {
    code,
    stderr,
    failures: of("failure"),
    hosts: Object.fromEntries(of("host").map((event) => [String(event["host"]), event["status"]])),
    result: of("result")[0]?.["status"],
  };
}

const text = () => readFileSync(fleet.stackFile, "utf8");

/** What is given of a host by whoever set it up: its address, and the fingerprint from its console. */
async function given(name: string): Promise<string[]> {
  const { address, hostKey } = await lab.host(name);
  const login = ["--user", lab.user, "--identity", lab.records.privateKeyFile];
  return ["--host", name, "--address", address, "--fingerprint", fingerprintOf(hostKey), ...login];
}

beforeAll(async () => {
  await fleet.open(["shell-1", "agent-a"]);
  // What there is before anybody named a host: what sessions run, and who may log in.
  const operator = await lab.records.operatorKey();
  const salt = /^encryptionsalt:.*$/m.exec(text())?.[0] ?? "";
  writeFileSync(
    fleet.stackFile,
    `config:\n  # what the lab runs\n  convocate:command: bash --norc\n  convocate:image: slim\n  convocate:operators: { lab: "${operator}" }\n${salt}\n`,
  );
});
afterAll(() => fleet.close());

test("a host that shows another key than the expected one is not provisioned, and nothing is written", async () => {
  const before = text();
  const { address } = await lab.host("shell-1");
  const wrong = `SHA256:${"A".repeat(43)}`;
  const words = ["--host", "shell-1", "--address", address, "--domain", "test.internal"];
  const { code, stderr } = await host("init-shell", ...words, "--fingerprint", wrong);
  expect(stderr).toContain(`expected: ${wrong}`);
  expect(code).toBe(4);
  const silent = await host("init-shell", ...words);
  expect(silent.stderr).toContain(`--fingerprint ${fingerprintOf((await lab.host("shell-1")).hostKey)}`);
  expect(silent.code).toBe(4);
  expect(text()).toBe(before);
});

test("init-shell: a dry run tells the plan and writes nothing; then the host is a shell host", async () => {
  const words = [...(await given("shell-1")), "--domain", "test.internal"];
  const before = text();
  const dry = await outcome("init-shell", ...words, "--dry-run");
  expect(dry).toMatchObject({ failures: [], code: 0, hosts: { "shell-1": "planned" }, result: "planned" });
  expect(text()).toBe(before);

  const real = await outcome("init-shell", ...words);
  expect(real).toMatchObject({ failures: [], code: 0, hosts: { "shell-1": "changed" } });
  expect(text()).toContain("# what the lab runs");
  expect((await fleet.verb("ls")).code).toBe(0);
});

test("trust, then init-agent: the host is an agent, and a session runs there", async () => {
  const { address, hostKey } = await lab.host("agent-a");
  const trust = await host(
    "trust",
    "agent-a",
    "--role",
    "agent",
    "--address",
    address,
    "--fingerprint",
    fingerprintOf(hostKey),
  );
  expect(trust).toMatchObject({ code: 0, stdout: `agent-a: trusted: ${fingerprintOf(hostKey)}\n` });
  const login = ["--user", lab.user, "--identity", lab.records.privateKeyFile];
  expect(await outcome("init-agent", "--host", "agent-a", ...login)).toMatchObject({
    failures: [],
    code: 0,
    hosts: { "agent-a": "changed" },
  });
  expect(await fleet.verb("new", "one")).toMatchObject({ code: 0 });
  expect((await fleet.sessions()).map(({ name, host: where }) => [name, where])).toEqual([
    ["one", "agent-a"],
  ]);
});

test("update again changes nothing, and pulumi up agrees", async () => {
  expect(await outcome("update", "--all")).toMatchObject({
    code: 0,
    result: "unchanged",
    hosts: { "shell-1": "unchanged", "agent-a": "unchanged" },
  });
  expect((await fleet.up()).stdout).toMatch(/Resources:\s+\d+ unchanged\s+Duration/);
  const { stdout } = await host("status");
  expect(stdout).toMatch(/^shell-1 +shell +[\d.]+ +- +yes +\w{12} \(current\)/m);
  expect(stdout).toMatch(/^agent-a +agent +[\d.]+ +\w{12} +yes +\w{12} \(current\)/m);
});

test("a login that is refused, and a host key that changed: exit 5, the host, and what to do", async () => {
  const before = text();
  const stranger = join(lab.records.folder, "stranger");
  await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", stranger]);
  writeFileSync(
    fleet.stackFile,
    before
      .replace("bash --norc", "bash --norc --noprofile")
      .replace(/(agent-a: .*)privateKeyFile: [^,\s]+/, `$1privateKeyFile: ${stranger}`),
  );
  const login = await host("update", "--host", "agent-a");
  expect(login.stderr).toMatch(/^agent-a: .*unable to authenticate/m);
  expect(login.stderr).toContain("`privateKeyFile` of agent-a");
  expect(login.code).toBe(5);

  writeFileSync(fleet.stackFile, before);
  const { hostKey } = await lab.host("shell-1");
  const other = await host("trust", "agent-a", "--host-key", hostKey, "--replace");
  expect(other.stderr).toContain("which shell-1 has");
  const known = (await lab.host("agent-a")).hostKey;
  const strange = readFileSync(`${stranger}.pub`, "utf8").split(" ").slice(0, 2).join(" ");
  writeFileSync(
    fleet.stackFile,
    before.replace(known, strange).replace("bash --norc", "bash --norc --noprofile"),
  );
  const changed = await host("update", "--host", "agent-a");
  expect(changed.stderr).toMatch(/^agent-a: .*host key mismatch/m);
  expect(changed.stderr).toContain("convocate-host trust agent-a --replace");
  expect(changed.code).toBe(5);
  rmSync(stranger, { force: true });
  writeFileSync(fleet.stackFile, before);
  expect((await outcome("update", "--all")).code).toBe(0);
});
