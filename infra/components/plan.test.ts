/** What a change of the stack file touches, and what it leaves alone. */
import { parseFleet } from "../config/fleet.ts";
import { registered, type Registered } from "./engine.fake.ts";
import { artifacts } from "./fleet.fake.ts";
import { declareFleet } from "./fleet.ts";

function ed25519(number: number): string {
  const part = (of: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, of.length]), of]);
  const blob = Buffer.concat([part(Buffer.from("ssh-ed25519")), part(Buffer.alloc(32, number))]);
  return `ssh-ed25519 ${blob.toString("base64")}`;
}

const agent = (number: number) => ({
  role: "agent",
  address: `10.0.0.${String(20 + number)}`,
  hostKey: ed25519(number),
  shell: "shell-1",
});
const hosts = {
  "shell-1": { role: "shell", address: "10.0.0.10", hostKey: ed25519(9) },
  "agent-a": agent(1),
  "agent-b": agent(2),
};
const settings = { domain: "fleet.example.com", command: "bash -l", hosts };
const withHost = (name: keyof typeof hosts, change: object) => ({
  ...settings,
  hosts: { ...hosts, [name]: { ...hosts[name], ...change } },
});

const declare = (value: unknown, shipped = artifacts) =>
  registered(() => declareFleet(parseFleet("lab", value, "/home/me"), shipped));

/** Names of the resources that an `up` would create, update or delete. */
function touched(before: Registered[], after: Registered[]): string[] {
  const said = (resources: Registered[]) =>
    new Map(resources.map(({ name, type, inputs }) => [`${type} ${name}`, JSON.stringify(inputs)]));
  const [old, now] = [said(before), said(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((key) => old.get(key) !== now.get(key))
    .map((key) => key.split(" ")[1] ?? "");
}

let before: Registered[];
beforeAll(async () => {
  before = await declare(settings);
});

test("the same configuration touches nothing", async () => {
  expect(touched(before, await declare(structuredClone(settings)))).toEqual([]);
});

type Change = [what: string, value: unknown, only: RegExp, also: RegExp];
const changes: Change[] = [
  [
    "an agent more",
    { ...settings, hosts: { ...hosts, "agent-c": agent(3) } },
    /^agent-c/,
    /^agent-c-registration$/,
  ],
  [
    "an agent less",
    { ...settings, hosts: { "shell-1": hosts["shell-1"], "agent-a": agent(1) } },
    /^agent-b/,
    /^agent-b-registration$/,
  ],
  ["an agent's user", withHost("agent-a", { user: "ubuntu" }), /^agent-a/, /^agent-a-install$/],
  [
    "an agent's drain",
    withHost("agent-b", { drain: "force" }),
    /^agent-b-(init-agent|registration)$/,
    /^agent-b-init-agent$/,
  ],
  ["an agent's id", withHost("agent-b", { agentId: "other" }), /^agent-b/, /^agent-b-init-agent$/],
  ["an agent's address", withHost("agent-a", { address: "10.0.0.99" }), /^agent-a/, /^agent-a-registration$/],
  ["transcripts", { ...settings, transcript: true }, /-init-agent$/, /^agent-b-init-agent$/],
  ["the command of sessions", { ...settings, command: "claude" }, /-init-agent$/, /^agent-b-init-agent$/],
  [
    "a network of DNS clients",
    { ...settings, dnsClients: ["10.0.0.0/24"] },
    /-init-(agent|shell)$/,
    /^shell-1-init-shell$/,
  ],
  [
    "who reaches published ports",
    { ...settings, publishFrom: ["0.0.0.0/0"] },
    /-init-agent$/,
    /^agent-a-init-agent$/,
  ],
  ["a login more", { ...settings, loginAliases: ["claude"] }, /^shell-1-init-shell$/, /^shell-1-init-shell$/],
  [
    "an operator more",
    { ...settings, operators: { alice: ed25519(7) } },
    /-(init-agent|init-shell|seal)$/,
    /^shell-1-init-shell$/,
  ],
  [
    "the Claude CLI",
    { ...settings, claude: { version: "2.1.330" } },
    /^claude$|-(claude|init-agent)$/,
    /^agent-b-claude$/,
  ],
  ["the key epoch", { ...settings, keyEpoch: 2 }, /^agent-[ab]/, /^agent-a-peering-shell-to-agent-2$/],
  [
    "the log authority's epoch",
    { ...settings, logAuthorityEpoch: 2 },
    /^log-authority|-log-(client|server)-certificate$|-init-(agent|shell)$/,
    /^log-authority-key-2$/,
  ],
  ["an agent's port", withHost("agent-b", { port: 2222 }), /^agent-b/, /^agent-b-install$/],
];

test.each(changes)("%s touches what it concerns and nothing else", async (_what, value, only, also) => {
  const names = touched(before, await declare(value));
  expect(names.filter((name) => !only.test(name))).toEqual([]);
  expect(names).toContainEqual(expect.stringMatching(also));
});

test("a host that keeps its own keys gets none from the stack, and its key is pinned where it is known", async () => {
  const kept = ed25519(77);
  const after = await declare(withHost("agent-a", { agentHostKey: kept }));
  const names = after.map(({ name }) => name);
  expect(names).not.toContain("agent-a-peering-agent-host-key");
  expect(names).toContain("agent-b-peering-agent-host-key");
  const stdin = (name: string) => String(after.find((one) => one.name === name)?.inputs["stdin"]);
  expect(stdin("agent-a-registration")).toContain(`host_key_pub='${kept}'`);
  expect(stdin("agent-a-init-agent")).toContain("\nhost_key=''\n");
  const shell = await declare(withHost("shell-1", { statusHostKey: `${kept} root@v2` }));
  expect(shell.map(({ name }) => name)).not.toContain("shell-1-status-host-key");
  const init = String(shell.find(({ name }) => name === "agent-a-init-agent")?.inputs["stdin"]);
  expect(init).toContain(`shell_host_key='${kept}'`);
});

test("another session image goes to every agent, and touches nothing else", async () => {
  const image = { reference: "convocate:slim-2", id: `sha256:${"e".repeat(64)}` };
  expect(touched(before, await declare(settings, { ...artifacts, image }))).toEqual([
    "agent-a-image",
    "agent-b-image",
  ]);
});

test("new programs go to every host, and no key is made anew", async () => {
  const app = { file: "app.tar.gz", sha256: "d".repeat(64) };
  const names = touched(before, await declare(settings, { ...artifacts, app }));
  expect(names.filter((name) => !/-(app|install|init-shell|init-agent)$/.test(name))).toEqual([]);
  for (const host of ["shell-1", "agent-a", "agent-b"]) expect(names).toContain(`${host}-install`);
});

describe("a host that is this machine", () => {
  const machine = "0123456789abcdef0123456789abcdef";
  const local = { role: "shell", address: "10.0.0.10", local: machine };
  const here = { ...settings, hosts: { ...hosts, "shell-1": local } };
  const isLocal = (resources: Registered[], name: string) =>
    resources.find((resource) => resource.name === name)?.type === "command:local:Command";

  test("is worked on by local commands with the same inputs, and not restarted; the others are left alone", async () => {
    const after = await declare(here);
    const mine = after.filter(
      ({ name, type }) => type.startsWith("command:") && /^shell-1|-(admission|registration)$/.test(name),
    );
    expect(mine.map(({ name }) => name).sort()).toEqual([
      "agent-a-admission",
      "agent-a-registration",
      "agent-b-admission",
      "agent-b-registration",
      "shell-1-app",
      "shell-1-init-shell",
      "shell-1-install",
      "shell-1-runtime",
    ]);
    expect(mine.filter(({ type }) => type !== "command:local:Command")).toEqual([]);
    expect(
      touched(before, after).filter((name) => /^agent-.-(install|init-agent|image|seal)$/.test(name)),
    ).toEqual([]);
    const inputs = (resources: Registered[]) => {
      const found = resources.find(({ name }) => name === "shell-1-init-shell")?.inputs ?? {};
      return [found["create"], found["stdin"]];
    };
    expect(inputs(after)).toEqual(inputs(before));
  });

  test("may be an agent, alone or with the shell host", async () => {
    const both = { role: undefined, roles: ["shell", "agent"], address: "10.0.0.10", local: machine };
    const { "agent-a": a } = hosts;
    const resources = await declare({ ...settings, hosts: { "shell-1": both, "agent-a": a } });
    for (const name of ["shell-1-install", "shell-1-agent-init-agent", "shell-1-image", "shell-1-claude"])
      expect({ name, local: isLocal(resources, name) }).toEqual({ name, local: true });
    expect(isLocal(resources, "agent-a-install")).toBe(false);
  });
});
