import { deriveAgentId } from "./agent-id.ts";
import { ConfigError, parseFleet } from "./fleet.ts";

/** An ed25519 public key line; another number, another key. */
function ed25519(number: number, bytes = 32): string {
  const part = (of: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, of.length]), of]);
  const blob = Buffer.concat([part(Buffer.from("ssh-ed25519")), part(Buffer.alloc(bytes, number))]);
  return `ssh-ed25519 ${blob.toString("base64")}`;
}

const rsa = `ssh-rsa ${Buffer.concat([Buffer.from([0, 0, 0, 7]), Buffer.from("ssh-rsa"), Buffer.alloc(64, 1)]).toString("base64")}`;
const privateKey =
  "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----";

const shell = { role: "shell", address: "10.0.0.10", hostKey: ed25519(1) };
const agent = { role: "agent", address: "10.0.0.21", hostKey: ed25519(2), shell: "shell-1" };
const hosts = { "shell-1": shell, "agent-a": agent };
const good = { domain: "fleet.example.com", hosts };

function faults(value: unknown): string[] {
  try {
    parseFleet("lab", value, "/home/me");
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message
      .split("\n")
      .slice(1)
      .map((line) => line.trim());
  }
  throw new Error("the configuration was accepted");
}

const withShell = (change: object) => ({ ...good, hosts: { ...hosts, "shell-1": { ...shell, ...change } } });
const withAgent = (change: object) => ({ ...good, hosts: { ...hosts, "agent-a": { ...agent, ...change } } });
const without = (from: object, key: string) =>
  Object.fromEntries(Object.entries(from).filter(([name]) => name !== key));

/** What is wrong, the configuration, and the one line that must be said: path, value and remedy. */
const bad: [string, unknown, RegExp][] = [
  ["nothing at all", undefined, /^convocate:: got nothing: give settings/],
  ["no domain", { hosts }, /^convocate:domain: got nothing: a domain is required.*such as/],
  ["a domain in capitals", { ...good, domain: "Fleet.Example" }, /domain: got "Fleet.Example": .*correct it/],
  ["a domain of one label", { ...good, domain: "fleet" }, /domain: got "fleet": not a lower-case DNS domain/],
  ["a domain with a blank", { ...good, domain: "a b.c" }, /domain: got "a b.c": .*correct it/],
  ["a domain that is a number", { ...good, domain: 7 }, /domain: got 7: a domain is required/],
  ["an empty command", { ...good, command: "" }, /command: got "": name a command, such as `bash -l`/],
  ["a blank command", { ...good, command: " \t" }, /command: got " \\t": name a command/],
  ["a command that is a list", { ...good, command: ["bash"] }, /command: got a list of 1: name a command/],
  ["an unknown setting", { ...good, domian: "x" }, /^convocate:domian: not a known setting: remove/],
  [
    "an unknown setting of ssh",
    { ...good, ssh: { usr: "x" } },
    /^convocate:ssh.usr: not a known setting: remove/,
  ],
  [
    "an unknown setting of a host",
    withAgent({ adress: "x" }),
    /^convocate:hosts.agent-a.adress: not a known setting: remove/,
  ],
  ["ssh as text", { ...good, ssh: "root" }, /ssh: got "root": give settings, such as/],
  ["a default port of 0", { ...good, ssh: { port: 0 } }, /ssh.port: got 0: a port is .*correct it/],
  ["a bad default user", { ...good, ssh: { user: "Root" } }, /ssh.user: got "Root": .*correct it/],
  ["operators as a list", { ...good, operators: [] }, /operators: got a list of 0: give names and keys/],
  [
    "an operator's name with a blank",
    { ...good, operators: { "al ice": ed25519(3) } },
    /operators.al ice: got the name "al ice": an operator's name is .*rename it/,
  ],
  [
    "an operator's name with a quote",
    { ...good, operators: { 'a"': ed25519(3) } },
    /operators.a": got the name .*rename it/,
  ],
  ["an operator's RSA key", { ...good, operators: { al: rsa } }, /operators.al: got "ssh-rsa .*ssh-keygen/],
  ["an operator without a key", { ...good, operators: { al: null } }, /operators.al: got null: .*ssh-keygen/],
  ["no hosts", { domain: "a.b" }, /^convocate:hosts: got nothing: hosts are required: list at least/],
  ["hosts as a list", { ...good, hosts: [shell] }, /^convocate:hosts: got a list of 1: hosts are required/],
  [
    "a host's name with _",
    { ...good, hosts: { ...hosts, agent_b: { ...agent, address: "b", hostKey: ed25519(9) } } },
    /hosts.agent_b: got the name "agent_b": a host's name is .*rename it/,
  ],
  [
    "a host's name of 33 letters",
    { ...good, hosts: { ...hosts, ["a".repeat(33)]: { ...agent, address: "b", hostKey: ed25519(9) } } },
    /hosts.a{33}: got the name .*rename it/,
  ],
  [
    "a host as text",
    { ...good, hosts: { ...hosts, x: "10.0.0.9" } },
    /hosts.x: got "10.0.0.9": give a host's/,
  ],
  [
    "a host of nothing",
    { ...good, hosts: { ...hosts, x: null } },
    /hosts.x: got null: give a host's settings/,
  ],
  ["no address", withAgent({ address: undefined }), /agent-a.address: got nothing: an address is required/],
  ["an address with a port", withAgent({ address: "10.0.0.9:22" }), /address: got "10.0.0.9:22": .*`port`/],
  ["an address with a user", withAgent({ address: "root@x" }), /address: got "root@x": .*correct it/],
  [
    "an address out of range",
    withAgent({ address: "10.0.0.999" }),
    /address: got "10.0.0.999": .*correct it/,
  ],
  [
    "an option as an address",
    withAgent({ address: "-oProxyCommand=x" }),
    /address: got "-oProxy.*correct it/,
  ],
  [
    "no host key",
    withAgent({ hostKey: undefined }),
    /agent-a.hostKey: got nothing: .*\/etc\/ssh\/ssh_host_ed/,
  ],
  [
    "an RSA host key",
    withAgent({ hostKey: rsa }),
    /agent-a.hostKey: got "ssh-rsa .*not an ed25519 key.*take/,
  ],
  ["half a host key", withAgent({ hostKey: ed25519(2, 20) }), /agent-a.hostKey: got "ssh-ed25519 .*take/],
  ["a host key that is text", withAgent({ hostKey: "yes" }), /agent-a.hostKey: got "yes": .*take/],
  ["a port of 0", withAgent({ port: 0 }), /agent-a.port: got 0: a port is a whole number from 1 to 65535/],
  ["a port of 70000", withAgent({ port: 70_000 }), /agent-a.port: got 70000: a port is .*correct it/],
  ["half a port", withAgent({ port: 22.5 }), /agent-a.port: got 22.5: a port is .*correct it/],
  ["a port as text", withAgent({ port: "22" }), /agent-a.port: got "22": a port is .*without quotes/],
  ["a user with a blank", withAgent({ user: "a b" }), /agent-a.user: got "a b": not a user name: correct it/],
  ["a key file of nothing", withAgent({ privateKeyFile: "" }), /agent-a.privateKeyFile: got "": .*ssh-agent/],
  ["an unknown role", withShell({ role: "shel" }), /shell-1.role: got "shel": a role is .*use one of them/],
  [
    "an unknown role in a list",
    withShell({ role: undefined, roles: ["agent", "king"] }),
    /shell-1.roles.1: got "king": a role is .*use one of them/,
  ],
  ["no roles", withShell({ role: undefined, roles: [] }), /shell-1.roles: got a list of 0: .*at least one/],
  ["role and roles", withShell({ roles: ["shell"] }), /hosts.shell-1: got \{ role, .*give either `role/],
  ["neither role nor roles", withShell({ role: undefined }), /hosts.shell-1: got \{ .*give either `role/],
  ["an agent id in capitals", withAgent({ agentId: "AGENT" }), /agent-a.agentId: got "AGENT": .*correct it/],
  ["an agent id as a number", withAgent({ agentId: 7 }), /agent-a.agentId: got 7: .*in quotes/],
  ["a kept key that is none", withAgent({ agentHostKey: "yes" }), /agent-a.agentHostKey: got "yes": .*adopt/],
  [
    "an agent's kept key on a shell host",
    withShell({ agentHostKey: ed25519(7) }),
    /shell-1.agentHostKey: got ssh-ed25519 .*only agents have one; remove it/,
  ],
  [
    "a shell host's kept key on an agent",
    withAgent({ statusHostKey: ed25519(7) }),
    /agent-a.statusHostKey: got ssh-ed25519 .*only the shell host has one; remove it/,
  ],
  ["a shell that is a number", withAgent({ shell: 5 }), /agent-a.shell: got 5: the name of the shell host/],
  [
    "no shell host",
    { ...good, hosts: { "agent-a": agent } },
    /^convocate:hosts: got no shell host: .*exactly one/,
  ],
  [
    "two shell hosts",
    { ...good, hosts: { ...hosts, "shell-2": { ...shell, address: "b", hostKey: ed25519(9) } } },
    /^convocate:hosts: got shell hosts shell-1, shell-2: a fleet has exactly one/,
  ],
  [
    "an address twice",
    withAgent({ address: shell.address }),
    /agent-a.address: got 10.0.0.10, which shell-1 has: each host needs its own/,
  ],
  [
    "a host key twice, once with a comment",
    withAgent({ hostKey: `${shell.hostKey} root@x` }),
    /agent-a.hostKey: got ssh-ed25519 .*, which shell-1 has: each host needs its own/,
  ],
  [
    "an agent id twice, once derived",
    {
      ...good,
      hosts: {
        ...hosts,
        "agent-b": {
          ...agent,
          address: "b",
          hostKey: ed25519(9),
          agentId: deriveAgentId("lab", "agent-a"),
        },
      },
    },
    /agent-b.agentId: got [a-z0-9]{12}, which agent-a has/,
  ],
  [
    "an agent without a shell host",
    withAgent({ shell: undefined }),
    /agent-a.shell: got nothing: .*such as `shell: shell-1`/,
  ],
  [
    "an agent of nobody",
    withAgent({ shell: "x" }),
    /agent-a.shell: got x, which is no shell host.*use shell-1/,
  ],
  ["an agent of an agent", withAgent({ shell: "agent-a" }), /agent-a.shell: got agent-a, .*use shell-1/],
  [
    "a shell host with a shell host",
    withShell({ shell: "shell-1" }),
    /shell-1.shell: got shell-1: .*remove it/,
  ],
  ["Claude as text", { ...good, claude: "latest" }, /claude: got "latest": give none, \{ version/],
  ["Claude of nowhere", { ...good, claude: {} }, /claude: got \{ .*give none, \{ version: .*\{ path/],
  [
    "Claude from two places",
    { ...good, claude: { version: "2.1.330", path: "/c" } },
    /claude: got \{ version, path \}: give none/,
  ],
  ["a tag of npm", { ...good, claude: { version: "latest" } }, /claude.version: got "latest": .*2\.1\.330/],
  ["half a path", { ...good, claude: { path: "claude" } }, /claude.path: got "claude": the whole path/],
  [
    "an unknown setting of Claude",
    { ...good, claude: { version: "2.1.330", tokn: "x" } },
    /^convocate:claude.tokn: not a known setting: remove/,
  ],
  [
    "a token in plain text",
    { ...good, claude: { version: "2.1.330", token: "b3BlbnNza" } },
    /claude.token: got a token in plain text: .*pulumi config set --secret --path claude.token/,
  ],
  ["an image that is none", { ...good, image: "big" }, /image: got "big": .*`full` .*`slim`: use one/],
  [
    "an authority's epoch that is none",
    { ...good, logAuthorityEpoch: 1.5 },
    /logAuthorityEpoch: got 1\.5: .*whole number from 1/,
  ],
  ["a transcript that is neither", { ...good, transcript: "on" }, /transcript: got "on": .*true or false/],
  ["a key epoch that is none", { ...good, keyEpoch: 0 }, /keyEpoch: got 0: .*whole number from 1/],
  [
    "DNS clients as text",
    { ...good, dnsClients: "10.0.0.0/8" },
    /dnsClients: got "10.0.0.0\/8": give a list/,
  ],
  ["a name as a network", { ...good, dnsClients: ["lan"] }, /dnsClients.0: got "lan": an IPv4 address or/],
  [
    "everybody as DNS clients",
    { ...good, dnsClients: ["0.0.0.0/0"] },
    /dnsClients.0: got .*: an IPv4 address/,
  ],
  [
    "a network's host",
    { ...good, publishFrom: ["10.0.0.1/24"] },
    /publishFrom.0: got .*first address.*correct/,
  ],
  [
    "a length of 33",
    { ...good, publishFrom: ["10.0.0.0/33"] },
    /publishFrom.0: got "10.0.0.0\/33": .*correct/,
  ],
  [
    "an IPv6 network",
    { ...good, publishFrom: ["fd00::/8"] },
    /publishFrom.0: got "fd00::\/8": an IPv4 address/,
  ],
  ["root as another login", { ...good, loginAliases: ["root"] }, /loginAliases.0: got "root": .*rename it/],
  ["a login with a blank", { ...good, loginAliases: ["a b"] }, /loginAliases.0: got "a b": .*rename it/],
  ["a drained shell host", withShell({ drain: true }), /shell-1.drain: got true: .*remove it/],
  ["a drain that is none", withAgent({ drain: "yes" }), /agent-a.drain: got "yes": .*true .* or force/],
];

test.each(bad)("refuses %s: path, value, remedy", (_what, value, line) => {
  expect(faults(value)).toEqual([expect.stringMatching(line)]);
});

test("names the file, and that nothing was touched", () => {
  expect(() => parseFleet("prod", {}, "/")).toThrow(
    /^stacks\/Pulumi\.prod\.yaml is not usable; nothing was touched:\n/,
  );
});

test("tells every fault at once, of values and of hosts' relations", () => {
  const value = {
    domain: "x",
    command: "",
    hosts: { ...hosts, "agent-b": { ...agent, hostKey: ed25519(9), shell: "nobody" } },
  };
  expect(faults(value).map((line) => line.split(":")[1])).toEqual([
    "domain",
    "command",
    "hosts.agent-b.address",
    "hosts.agent-b.shell",
  ]);
});

test.each([
  ["a private key where a host key belongs", withAgent({ hostKey: privateKey })],
  ["a private key where an operator's key belongs", { ...good, operators: { alice: privateKey } }],
  ["a private key where a file's name belongs", withAgent({ user: privateKey })],
  ["a password in a host that has other faults", withAgent({ role: undefined, password: "b3BlbnNza" })],
  ["Claude's token", { ...good, claude: { version: "2.1.330", token: "b3BlbnNza" } }],
  ["a token with a blank", { ...good, claude: { version: "2.1.330", token: "b3BlbnNza x" } }],
  ["a token in an unknown setting", { ...good, tokn: "b3BlbnNza" }],
  ["a token in a list", { ...good, ssh: ["b3BlbnNza"] }],
])("never shows %s", (_what, value) => {
  expect(faults(value).join("\n")).not.toContain("b3BlbnNza");
});

test("completes a good configuration", () => {
  expect(parseFleet("lab", good, "/home/me")).toEqual({
    domain: "fleet.example.com",
    command: "claude --dangerously-skip-permissions",
    operators: {},
    claude: null,
    image: "full",
    transcript: false,
    keyEpoch: 1,
    logAuthorityEpoch: 1,
    loginAliases: [],
    dnsClients: [],
    publishFrom: [],
    shell: {
      name: "shell-1",
      roles: ["shell"],
      local: null,
      connection: { address: "10.0.0.10", port: 22, user: "root", hostKey: ed25519(1), privateKeyFile: null },
      statusHostKey: null,
    },
    agents: [
      {
        name: "agent-a",
        roles: ["agent"],
        local: null,
        agentId: deriveAgentId("lab", "agent-a"),
        agentHostKey: null,
        statusHostKey: null,
        drain: false,
        connection: {
          address: "10.0.0.21",
          port: 22,
          user: "root",
          hostKey: ed25519(2),
          privateKeyFile: null,
        },
      },
    ],
  });
});

test("Claude comes from npm, from a file or from nowhere; a token is encrypted", () => {
  const claude = (value: unknown) =>
    parseFleet("lab", { ...good, claude: value }, "/home/me", ["claude"]).claude;
  expect(claude("none")).toBeNull();
  expect(claude(undefined)).toBeNull();
  expect(claude({ version: "2.1.330" })).toEqual({ cli: { version: "2.1.330" }, token: null });
  expect(claude({ path: "~/bin/claude", token: "sk-1" })).toEqual({
    cli: { path: "/home/me/bin/claude" },
    token: "sk-1",
  });
});

test("a host's own connection settings go before the defaults", () => {
  const ssh = { user: "ubuntu", port: 2222, privateKeyFile: "~/.ssh/fleet" };
  const own = { user: "admin", port: 22, privateKeyFile: "/keys/~/agent" };
  const fleet = parseFleet("lab", { ...withAgent(own), ssh }, "/home/me");
  expect(fleet.shell?.connection).toMatchObject({ ...ssh, privateKeyFile: "/home/me/.ssh/fleet" });
  expect(fleet.agents[0]?.connection).toMatchObject(own);
});

test.each([
  ["~/key", "/home/me/key"],
  ["~other/key", "~other/key"],
  ["keys/~/key", "keys/~/key"],
])("of %s only a leading ~/ is the home folder", (privateKeyFile, expected) => {
  expect(
    parseFleet("lab", withAgent({ privateKeyFile }), "/home/me").agents[0]?.connection.privateKeyFile,
  ).toBe(expected);
});

test("a host may be both, and then names its shell host or leaves it out", () => {
  const both = { ...without(shell, "role"), roles: ["agent", "shell", "agent"] };
  for (const host of [both, { ...both, shell: "solo" }]) {
    const fleet = parseFleet("lab", { domain: "a.b", hosts: { solo: host } }, "/");
    expect(fleet.shell).toMatchObject({ name: "solo", roles: ["agent", "shell"] });
    expect(fleet.agents).toMatchObject([{ name: "solo", agentId: deriveAgentId("lab", "solo") }]);
  }
});

test("keys lose their comments, agent ids may be given, addresses may be names or IPv6", () => {
  const fleet = parseFleet(
    "lab",
    {
      ...good,
      operators: { alice: `  ${ed25519(3)}  alice@laptop ` },
      hosts: {
        "shell-1": { ...shell, address: "shell.example.com" },
        "agent-a": { ...agent, address: "fd00::21", agentId: "0-old-id" },
      },
    },
    "/",
  );
  expect(fleet.operators).toEqual({ alice: ed25519(3) });
  expect(fleet.shell?.connection.address).toBe("shell.example.com");
  expect(fleet.agents[0]).toMatchObject({ agentId: "0-old-id", connection: { address: "fd00::21" } });
});
