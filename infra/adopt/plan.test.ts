import { planAdoption, type Stack } from "./plan.ts";
import type { Facts } from "./survey.ts";

/** An ed25519 public key line; another number, another key. */
function ed25519(number: number): string {
  const part = (of: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, of.length]), of]);
  const blob = Buffer.concat([part(Buffer.from("ssh-ed25519")), part(Buffer.alloc(32, number))]);
  return `ssh-ed25519 ${blob.toString("base64")}`;
}

const uuid = "0b0b0b0b-1111-4222-8333-444444444444";
const vanilla: Facts = {
  platform: "ubuntu 22.04 amd64",
  system: "Ubuntu 22.04.4 LTS",
  users: new Map([["convocate", 1337]]),
  release: "",
  agent_program: [],
  agent_id: "",
  agent_key: "",
  shell_host: "",
  shell_program: [],
  status_unit: "",
  status_key: "",
  agents: [],
  logins: [],
  sessions: [],
  containers: [],
  begun: "",
  remnants: [],
};
const cron = "/etc/cron.daily/convocate-image-prune";
const agent: Facts = {
  ...vanilla,
  agent_program: ["program", "convocate-agent version v2.3.0"],
  agent_id: "37kak399rrdx",
  agent_key: ed25519(1),
  shell_host: "10.0.0.10",
  sessions: [uuid, "1b0b0b0b-1111-4222-8333-444444444444"],
  containers: [
    { id: "c0ffee", session: uuid, running: true, image: "convocate:v2.3.0", since: "2026-01-01T00:00:00Z" },
    { id: "dead", session: "gone", running: false, image: "convocate:v2.3.0", since: "2026-01-01T00:00:00Z" },
  ],
  remnants: [cron],
};
const shell: Facts = {
  ...vanilla,
  shell_program: ["program", "convocate version v2.3.0"],
  status_unit: "[Unit]",
  status_key: ed25519(2),
  agents: [
    { id: "37kak399rrdx", address: "ops@10.0.0.21", ours: false, pinned: true },
    { id: "aaaaaaaaaaaa", address: "10.0.0.22", ours: true, pinned: true },
  ],
  logins: [
    "# operators",
    `${ed25519(3)} alice@laptop`,
    `no-pty,command="a b" ${ed25519(4)} alice@desk`,
    "ssh-rsa AAAA bob",
  ],
};
const ours: Facts = { ...vanilla, release: "f".repeat(64), agent_id: "37kak399rrdx" };
const empty: Stack = { entry: null, otherShells: ["shell-1"], otherAgents: new Map(), operators: {} };

test("an agent keeps its id, its host key, its sessions and what runs; what goes is named", () => {
  expect(planAdoption(agent, empty)).toEqual({
    kind: "adopt",
    roles: ["agent"],
    kept: { agentId: "37kak399rrdx", agentHostKey: ed25519(1) },
    operators: {},
    running: ["c0ffee"],
    keeps: [
      "agent id 37kak399rrdx",
      expect.stringMatching(/^the agent's host key SHA256:/),
      "user convocate, uid 1337",
      "2 sessions, of which 1 run and run on",
    ],
    loses: [expect.stringMatching(/^a restart of the engine ends what v2 started/)],
    removes: [cron],
  });
});

test("a shell host keeps its host key, its operators by names of their own, and v2's agents until they are adopted", () => {
  const plan = planAdoption(shell, { ...empty, otherShells: [], operators: { carol: ed25519(5) } });
  expect(plan).toMatchObject({
    kind: "adopt",
    roles: ["shell"],
    kept: { statusHostKey: ed25519(2) },
    operators: { alice: ed25519(3), "alice-desk": ed25519(4) },
    loses: expect.arrayContaining([
      expect.stringMatching(/^login with .*: operators' keys are ed25519$/),
    ]) as string[],
  });
  const text = JSON.stringify(plan);
  expect(text).toContain("agent 37kak399rrdx at ops@10.0.0.21, as it is, with v2's log authority");
  expect(text).not.toContain("aaaaaaaaaaaa");
});

test("agents of v2 whose key nobody pinned cannot be operated until they are adopted, which is said", () => {
  const agents = [{ id: "37kak399rrdx", address: "ops@10.0.0.21", ours: false, pinned: false }];
  const plan = planAdoption({ ...shell, agents }, { ...empty, otherShells: [] });
  expect(plan).toMatchObject({
    loses: expect.arrayContaining([
      expect.stringMatching(
        /^operating agent 37kak399rrdx until it is adopted: v2 never looked at its host key/,
      ),
    ]) as string[],
  });
});

test("an operator who is in the stack already is not added again, and a name that is taken by another key is not reused", () => {
  const known = { alice: ed25519(9), al: ed25519(3) };
  expect(planAdoption(shell, { ...empty, otherShells: [], operators: known })).toMatchObject({
    operators: { "alice-desk": ed25519(4) },
  });
});

test("a host of both roles is taken over at once", () => {
  const both = {
    ...shell,
    ...agent,
    status_unit: "[Unit]",
    status_key: ed25519(2),
    shell_program: shell.shell_program,
  };
  expect(planAdoption(both, { ...empty, otherShells: [] })).toMatchObject({
    roles: ["shell", "agent"],
    kept: { agentId: "37kak399rrdx", agentHostKey: ed25519(1), statusHostKey: ed25519(2) },
  });
});

test("an adoption that was broken off goes on, though v2's program is gone already", () => {
  const half = { ...agent, agent_program: [], release: "f".repeat(64), begun: "v2.tar" };
  const entry = { agentId: "37kak399rrdx" };
  expect(planAdoption(half, { ...empty, entry })).toMatchObject({
    kind: "adopt",
    kept: { agentId: "37kak399rrdx" },
  });
});

test("a host that is ours has nothing left to do, or its remnants", () => {
  const entry = { agentId: "37kak399rrdx" };
  expect(planAdoption(ours, { ...empty, entry })).toEqual({ kind: "nothing" });
  expect(planAdoption({ ...ours, remnants: [cron] }, { ...empty, entry })).toEqual({
    kind: "clean",
    remnants: [cron],
  });
});

const users = (...all: [string, number][]) => new Map(all);
test.each<[string, Facts, Partial<Stack>, RegExp]>([
  ["a machine without v2", vanilla, {}, /no convocate v2 on it: .*`init-shell` or `init-agent`/],
  ["a host of another fleet", ours, {}, /belongs to a fleet already, not to this stack: Take it out/],
  [
    "an old system",
    { ...agent, platform: "debian 11 amd64", system: "Debian 11" },
    {},
    /^Debian 11 \(amd64\) is not supported: Use Debian 12/,
  ],
  [
    "another architecture",
    { ...agent, platform: "debian 12 i386" },
    {},
    /\(i386\) is not supported: .*amd64 or arm64/,
  ],
  [
    "v1",
    { ...agent, agent_program: ["program", "convocate-agent version v1.2.0"] },
    {},
    /version of its convocate-agent is not known: it says "convocate-agent version v1.2.0": Bring it/,
  ],
  [
    "a program that says nothing",
    { ...agent, agent_program: ["program"] },
    {},
    /is not known: it says "": Bring it to the last release/,
  ],
  [
    "the user of early v2",
    { ...agent, users: users(["claude", 1337]) },
    {},
    /belong to the user `claude`.*: Bring it/,
  ],
  [
    "somebody else's uid",
    { ...agent, users: users(["convocate", 1000], ["bob", 1337]) },
    {},
    /uid 1337 belongs to bob: Free it/,
  ],
  [
    "an id that is none",
    { ...agent, agent_id: "A B" },
    {},
    /agent id "A B" is none: .*: See \/etc\/convocate-agent\/agent-id/,
  ],
  [
    "an id that another has",
    agent,
    { otherAgents: new Map([["37kak399rrdx", "agent-b"]]) },
    /37kak399rrdx is that of agent-b in the stack file: One of the two/,
  ],
  [
    "an id that is not the entry's",
    agent,
    { entry: { agentId: "other" } },
    /its entry in the stack file says other: Take agentId out/,
  ],
  [
    "an agent without a shell host",
    agent,
    { otherShells: [] },
    /no shell host for this agent: Take over the shell host first/,
  ],
  ["a second shell host", shell, {}, /has a shell host already: shell-1: A fleet has exactly one/],
])("refuses %s", (_, facts, stack, said) => {
  const plan = planAdoption(facts, { ...empty, ...stack });
  const words = plan.kind === "refused" ? plan.refusals.map(({ what, remedy }) => `${what}: ${remedy}`) : [];
  expect(words).toEqual([expect.stringMatching(said)]);
});

test("everything that is in the way is said at once", () => {
  const plan = planAdoption(
    { ...agent, platform: "debian 11 amd64", agent_program: ["program"] },
    { ...empty, otherShells: [] },
  );
  expect(plan).toMatchObject({ kind: "refused", refusals: [{}, {}, {}] });
});
