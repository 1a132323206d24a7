/** The whole of convocate-host on the real engine, over real SSH, with a small program instead of ours. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { CliEvent } from "./events.ts";
import { ScratchFleet } from "./scratch-fleet.fake.ts";

jest.setTimeout(300_000);

const fleet = new ScratchFleet(
  process.env["CONVOCATE_DATA"] ?? join(homedir(), ".local/share/convocate"),
  process.env["PATH"] ?? "",
);
beforeAll(() => fleet.open(["shell-1", "agent-a", "agent-b", "agent-c"]));
afterAll(() => fleet.close());

const entries = (...names: string[]) => names.map((name) => fleet.entry(name));
const text = () => readFileSync(fleet.stackFile, "utf8");

/** Runs a verb with --json; its exit status and events. */
async function events(...words: string[]): Promise<{ exit: number; events: CliEvent[] }> {
  const { exit, context } = await fleet.run([...words, "--json"]);
  const lines = context.out.trim().split("\n");
  return { exit, events: lines.map((line) => JSON.parse(line) as CliEvent) };
}
const of = <T extends CliEvent["type"]>(all: readonly CliEvent[], type: T) =>
  all.filter((event): event is Extract<CliEvent, { type: T }> => event.type === type);
const hostStates = (all: readonly CliEvent[]) =>
  Object.fromEntries(of(all, "host").map(({ host, status }) => [host, status]));

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`${what}: not within a minute`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test("a dry run of a stack that is new tells the plan; file, stacks and hosts stay as they were", async () => {
  fleet.configure("v1", entries("shell-1", "agent-a"));
  const before = text();
  const { exit, events: all } = await events("update", "--all", "--dry-run");
  expect(exit).toBe(0);
  expect(of(all, "step").map(({ host, step, status }) => `${host ?? ""} ${step} ${status}`)).toEqual(
    expect.arrayContaining([
      "agent-a install planned",
      "agent-a peering-key planned",
      "shell-1 init-shell planned",
    ]),
  );
  expect(of(all, "result")).toMatchObject([{ status: "planned", dry_run: true, exit: 0 }]);
  expect(text()).toBe(before);
  expect(fleet.ran()).toEqual([]);
  expect((await fleet.run(["status", "--json"])).context.out).toContain('"provisioned": "no"');
});

test("update --all makes a fleet; again, nothing is done", async () => {
  const { exit, events: all } = await events("update", "--all");
  expect(of(all, "failure")).toEqual([]);
  expect(exit).toBe(0);
  expect(hostStates(all)).toEqual({ "shell-1": "changed", "agent-a": "changed" });
  const steps = of(all, "step").filter(({ status }) => status === "done");
  expect(steps).toContainEqual(
    expect.objectContaining({ host: "agent-a", step: "registration", action: "create" }),
  );
  expect(fleet.ran()).toHaveLength(5);

  const again = await events("update", "--all");
  expect(again.exit).toBe(0);
  expect(hostStates(again.events)).toEqual({ "shell-1": "unchanged", "agent-a": "unchanged" });
  expect(of(again.events, "result")).toMatchObject([{ status: "unchanged" }]);
  expect(fleet.ran()).toEqual([]);
});

test("init-agent writes the host into the stack file, keeping comments, and touches no other host", async () => {
  const { address = "", port = 0, sshd } = fleet.hosts.get("agent-b") ?? {};
  const given = ["--host", "agent-b", "--address", address, "--port", String(port)];
  const before = text();
  const dry = await events("init-agent", ...given, "--host-key", sshd?.hostKey.publicKey ?? "", "--dry-run");
  expect(hostStates(dry.events)).toEqual({ "agent-b": "planned" });
  expect(text()).toBe(before);

  const { exit, events: all } = await events(
    "init-agent",
    ...given,
    "--host-key",
    sshd?.hostKey.publicKey ?? "",
  );
  expect(exit).toBe(0);
  expect(of(all, "file")).toMatchObject([{ host: "agent-b", file: fleet.stackFile }]);
  expect(hostStates(all)).toEqual({ "agent-b": "changed" });
  expect(fleet.ran().sort()).toEqual(
    ["agent-b-init-agent apply", "agent-b-install apply", "agent-b-registration apply"].sort(),
  );
  expect(text()).toMatch(/^# our fleet$/m);
  expect(text()).toMatch(/test\.internal # ours$/m);
  expect(text()).toContain(`agent-b: { role: agent, address: ${address}, port: ${String(port)}, hostKey:`);
});

test("without --host it is this machine: a name, its machine id and no key in the stack file, and nothing by SSH", async () => {
  const before = text();
  const refused = await events("init-agent", "--shell", "shell-1");
  expect(of(refused.events, "failure")[0]?.remedy).toContain("--address ADDRESS");
  expect(of((await events("update")).events, "failure")[0]?.cause).toMatch(
    /this machine is no host of stack test/,
  );
  expect(text()).toBe(before);

  fleet.ran();
  const { exit, events: all } = await events("init-agent", "--address", "127.0.1.9", "--shell", "shell-1");
  expect(of(all, "failure")).toEqual([]);
  expect(exit).toBe(0);
  const { machineId } = fleet.context();
  expect(text()).toContain(
    `laptop: { role: agent, address: 127.0.1.9, local: ${String(machineId)}, shell: shell-1 }`,
  );
  expect(fleet.ran()).toEqual([
    "laptop-install apply",
    "laptop-init-agent apply",
    "laptop-registration apply",
  ]);
  const context = fleet.context();
  context.restartAsked = () => true;
  const again = await fleet.run(["update"], context);
  expect(context.out).toMatch(/^laptop: unchanged\nlaptop: asks for a restart: .*systemctl reboot/m);
  expect(again.exit).toBe(0);

  fleet.configure("v1", entries("shell-1", "agent-a", "agent-b"));
  fleet.ran();
  expect((await events("update", "--all")).exit).toBe(0);
  expect(fleet.ran()).toEqual(["laptop-registration remove"]);
});

test("update --host brings one host up to date, and leaves the others behind", async () => {
  fleet.configure("v2", entries("shell-1", "agent-a", "agent-b"));
  const { exit, events: all } = await events("update", "--host", "agent-a");
  expect(exit).toBe(0);
  expect(hostStates(all)).toEqual({ "agent-a": "changed" });
  expect(fleet.ran().every((line) => line.startsWith("agent-a-"))).toBe(true);
});

test("a roll-out tries one agent first, and stops when it is not well; the next one completes", async () => {
  fleet.configure("v3", entries("shell-1", "agent-a", "agent-b"));
  fleet.fail(
    "agent-a-init-agent",
    `step "start the agent" of init-agent failed on agent-a; the end of its log (/var/log/x):\n==> start the agent\nit does not answer\n`,
  );
  const { exit, events: all } = await events("update", "--all");
  expect(exit).toBe(1);
  expect(of(all, "stage").map(({ hosts }) => hosts)).toEqual([["shell-1"], ["agent-a"]]);
  expect(of(all, "failure")).toMatchObject([
    {
      host: "agent-a",
      step: "init-agent",
      cause: '"start the agent" failed: it does not answer',
      log: ["==> start the agent", "it does not answer"],
      exit: 1,
    },
  ]);
  expect(hostStates(all)).toEqual({ "shell-1": "changed", "agent-a": "failed", "agent-b": "unfinished" });
  expect(fleet.ran().some((line) => line.startsWith("agent-b-"))).toBe(false);

  fleet.fail("agent-a-init-agent", null);
  const next = await events("update", "--all");
  expect(next.exit).toBe(0);
  expect(hostStates(next.events)).toEqual({
    "shell-1": "unchanged",
    "agent-a": "changed",
    "agent-b": "changed",
  });
  expect(fleet.ran().some((line) => line.startsWith("shell-1-"))).toBe(false);
});

test("another host key than the pinned one: exit 5, what to do; nothing is sent to the host, other hosts finish", async () => {
  const other = fleet.hosts.get("agent-c")?.sshd.hostKey.publicKey;
  fleet.configure("v4", [...entries("shell-1", "agent-b"), fleet.entry("agent-a", other)]);
  const { exit, context } = await fleet.run(["update", "--host", "agent-a", "--host", "agent-b"]);
  expect(exit).toBe(5);
  expect(context.err).toMatch(/^agent-a: install: .*host key mismatch/m);
  expect(context.err).toContain("convocate-host trust agent-a --replace");
  expect(context.out).toMatch(/^agent-b: changed, 3 steps$/m);
  expect(fleet.ran().some((line) => line.startsWith("agent-a-"))).toBe(false);
});

test("a host that leaves the stack file leaves the fleet with an update of everything, and before it", async () => {
  fleet.configure("v5", entries("shell-1", "agent-b"));
  const alone = await events("update", "--host", "shell-1");
  expect(alone.exit).toBe(4);
  expect(of(alone.events, "failure")[0]).toMatchObject({ host: "agent-a" });
  expect(hostStates(alone.events)).toEqual({ "shell-1": "changed" });
  fleet.configure("v6", entries("shell-1", "agent-b"));
  const { exit, events: all } = await events("update", "--all");
  expect(of(all, "failure")).toEqual([]);
  expect(exit).toBe(0);
  expect(of(all, "stage").map(({ hosts }) => hosts)).toEqual([["agent-a"], ["shell-1"], ["agent-b"]]);
  expect(hostStates(all)).toMatchObject({ "agent-a": "changed" });
  expect(fleet.ran()).toContain("agent-a-registration remove");
});

test("two at once: the second is refused; a signal ends the first in good order, and the next run completes", async () => {
  fleet.configure("v7", entries("shell-1", "agent-b"));
  fleet.hold(true);
  const context = fleet.context();
  const ended = fleet.run(["update", "--all"], context);
  await until("a step began", () => context.out.includes("shell-1: install: update, started"));
  const second = fleet.run(["update", "--all"]);
  await expect(second).rejects.toMatchObject({ exit: "refused", message: "another run works on this stack" });
  context.interrupt();
  fleet.hold(false);
  expect((await ended).exit).toBe(1);
  expect(context.out).toMatch(/^test: failed/m);
  const next = await events("update", "--all");
  expect(next.exit).toBe(0);
  expect(of(next.events, "result")).toMatchObject([{ status: "changed" }]);
  expect(fleet.ran()).toContain("agent-b-registration apply");
});

test("status tells hosts, what was installed and when", async () => {
  const { context } = await fleet.run(["status"]);
  expect(context.out).toMatch(/^agent-b +agent +127\.0\.1\.3 +\w{12} +yes +0123456789ab +20\d\d-/m);
});

test("a lost operator machine: what was exported brings everything back, and an update changes nothing", async () => {
  const file = join(fleet.folder, "saved.json");
  expect((await fleet.run(["state", "export", file])).exit).toBe(0);
  expect(readFileSync(file, "utf8")).not.toMatch(/PRIVATE KEY/);
  await expect(fleet.run(["state", "export", file])).rejects.toMatchObject({ exit: "refused" });

  fleet.linkToolchain("new");
  const elsewhere = () => fleet.context("new");
  const restore = (...words: string[]) => fleet.run(["state", "restore", file, ...words], elsewhere());
  await expect(restore()).rejects.toThrow("no passphrase");
  const wrong = join(fleet.folder, "wrong");
  (await import("node:fs")).writeFileSync(wrong, "wrong\n");
  await expect(restore("--passphrase-file", wrong)).rejects.toThrow(/passphrase/);

  expect((await restore("--passphrase-file", join(fleet.folder, "data/passphrase"))).exit).toBe(0);
  const { exit, context } = await fleet.run(["update", "--all", "--json"], elsewhere());
  expect(exit).toBe(0);
  expect(context.out).toContain('"status":"unchanged"');
  expect(fleet.ran()).toEqual([]);
  await expect(restore()).rejects.toMatchObject({ exit: "refused" });
});
