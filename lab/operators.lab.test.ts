/** What operators get of a real fleet beside the list: access from elsewhere, the audit log, names, a diagnosis. It was one of v2. */
import { join } from "node:path";
import { doctorJson } from "../protocol/verbs.ts";
import { run, until } from "./command.ts";
import { takeOver } from "./fleet-adopt.ts";
import { TestFleet } from "./test-fleet.ts";

jest.setTimeout(600_000);

const fleet = new TestFleet("operators");
const { lab } = fleet;

beforeAll(() => fleet.open(["shell-1", "agent-a"]));
afterAll(() => fleet.close());

describe("a fleet of v2 is taken over", () => takeOver(fleet));

test("a session runs", async () => {
  for (const verb of ["new", "restart"]) expect(await fleet.verb(verb, "one")).toMatchObject({ code: 0 });
});

const becomes = (name: string, state: string) =>
  until(`session ${name} is ${state}`, 20_000, async () =>
    (await fleet.sessions()).some((session) => session["name"] === name && session["state"] === state),
  );

describe("by way of the shell host, from another machine", () => {
  const elsewhere = async (...words: string[]) => {
    const via = ["--via", (await lab.host("shell-1")).address, "--identity", lab.records.privateKeyFile];
    const ssh = lab.sshCommand("shell-1", "convocate").join(" ");
    return run([
      "env",
      `CONVOCATE_SSH=${ssh}`,
      "node",
      join(import.meta.dirname, "../tui/main.ts"),
      ...via,
      ...words,
    ]);
  };

  test("the list and an operation, with the operator's own key", async () => {
    expect((await elsewhere("ls", "--json")).stdout).toContain('"one"');
    expect(await elsewhere("kill", "one")).toMatchObject({ code: 0 });
    await becomes("one", "stopped");
    expect(await elsewhere("restart", "one")).toMatchObject({ code: 0 });
  });

  test("the audit log tells who did it, as the key that logged in says; the agent's own journal agrees", async () => {
    const log = (host: string, unit: string) =>
      lab.exec(host, ["journalctl", "-u", unit, "-o", "cat", "--no-pager"]);
    const { stdout } = await log("shell-1", "convocate-status");
    expect(stdout).toMatch(
      /"operator":"lab","verb":"kill","agent_id":"[^"]+","session":"[^"]+".*"result":"ok"/,
    );
    expect((await log("agent-a", "convocate-agent")).stdout).toMatch(/"op":"kill","by":"operator=lab"/);
  });

  test("nothing but the fleet is to be had that way: no port, no shell, no socket is forwarded", async () => {
    const { address } = await lab.host("shell-1");
    const ssh = lab.sshCommand("shell-1", "convocate");
    const forward = (to: string, timeoutMs: number) =>
      run([...ssh, "-W", to, address], { stdin: "", timeoutMs });
    expect((await forward("127.0.0.1:22", 30_000)).stderr).toContain("stdio forwarding failed");
    // Of a socket that is refused the client says nothing, and waits.
    expect(await forward("/run/convocate/fleet.sock", 5_000)).toMatchObject({ code: 124, stdout: "" });
    expect((await fleet.verb("relay", "nobody")).code).toBe(3);
    expect((await fleet.verb("relay", "../../etc")).code).toBe(3);
  });
});

test("convocate-agent check finds nothing wrong with a host that was just provisioned", async () => {
  const { code, stdout } = await lab.exec("agent-a", ["convocate-agent", "check", "--json"]);
  const found = JSON.parse(stdout) as { name: string; level: string }[];
  expect(found.filter(({ level }) => level !== "ok")).toEqual([]);
  expect(code).toBe(0);
});

test("a session's DNS name is written for the shell host's name server within a second, and goes with it", async () => {
  const names = async () =>
    (await lab.exec("shell-1", ["cat", "/var/lib/convocate/hosts.d/sessions"])).stdout;
  expect((await fleet.verb("new", "named", "--dns-name", "web")).code).toBe(0);
  const { address } = await lab.host("agent-a");
  await until("the name is there", 1_000, async () =>
    (await names()).startsWith(`${address} web.test.internal `),
  );
  expect((await fleet.verb("rm", "named")).code).toBe(0);
  await until("the name is gone", 1_000, async () => (await names()) === "");
});

describe("convocate doctor", () => {
  const doctor = async () => {
    const { code, stdout } = await fleet.verb("doctor", "--json");
    const { checks } = doctorJson.parse(JSON.parse(stdout));
    return { code, checks, failing: checks.filter(({ result }) => result === "fail") };
  };

  test("finds nothing that fails in a fleet that was just provisioned", async () => {
    const { code, checks, failing } = await doctor();
    expect(failing).toEqual([]);
    expect(code).toBe(0);
    const well = checks.filter(({ result }) => result === "ok").map(({ check }) => check);
    expect(well).toEqual(
      expect.arrayContaining(["fleet", "reachable", "host_key", "login", "heartbeat", "clock", "version"]),
    );
  });

  test("names the agent that was stopped, and is content when it is back", async () => {
    const service = (verb: string) => lab.exec("agent-a", ["systemctl", verb, "convocate-agent"]);
    expect((await service("stop")).code).toBe(0);
    await until("the doctor names it", 60_000, async () => {
      const { code, failing } = await doctor();
      const found = failing.map(({ host, check }) => `${host ?? ""} ${check}`).sort();
      return code === 1 && found.join() === "agent-a heartbeat,agent-a reachable";
    });
    expect((await service("start")).code).toBe(0);
    await until("nothing fails", 60_000, async () => (await doctor()).failing.length === 0);
  });
});

test("completion: the login shell prints the script, and names the sessions", async () => {
  expect((await fleet.verb("completion", "bash")).stdout).toContain("complete -F _convocate convocate");
  expect((await fleet.verb("complete", "--shell", "zsh", "--", "kill", "''")).stdout).toMatch(
    /^one\t.* on agent-a$/m,
  );
});
