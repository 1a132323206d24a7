/** The whole program, under Pulumi's mocks: what the engine is asked for. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { AgentHost } from "./agent-host.ts";
import { registered, type Registered } from "./engine.fake.ts";
import { artifacts, asAgent, fakeHost, operators } from "./fleet.fake.ts";
import { LogAuthority } from "./log-authority.ts";
import { ShellHost } from "./shell-host.ts";

const remoteCommand = "command:remote:Command";
const localCommand = "command:local:Command";
const folder = mkdtempSync(join(tmpdir(), "components-"));
const keyFile = join(folder, "key");
const operatorKey =
  "-----BEGIN OPENSSH PRIVATE KEY-----\nof the operator\n-----END OPENSSH PRIVATE KEY-----\n";

const claude = { source: null, token: null, fetched: [] };
const network = { domain: "fleet.example", publishFrom: ["10.9.0.0/16"] };

let all: Registered[];
beforeAll(async () => {
  writeFileSync(keyFile, operatorKey);
  all = await registered(() => {
    const logs = new LogAuthority("log-authority", "fleet.test", 1);
    const shell = new ShellHost("shell-1", {
      logs,
      host: fakeHost("shell-1", ["shell"]),
      artifacts,
      operators,
      domain: "fleet.example",
    });
    for (const name of ["agent-a", "agent-b"]) {
      const agent = asAgent(fakeHost(name, ["agent"], keyFile));
      new AgentHost(name, {
        agent,
        shell,
        artifacts,
        operators,
        keyEpoch: 1,
        transcript: false,
        command: "bash -l",
        claude,
        logs,
        ...network,
      });
    }
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

function find(name: string, among = all): Registered {
  const found = among.filter((resource) => resource.name === name);
  if (found.length !== 1 || !found[0]) throw new Error(`${String(found.length)} resources are named ${name}`);
  return found[0];
}

const text = (resource: Registered, input: string) => z.string().parse(resource.inputs[input]);
const connection = (resource: Registered) =>
  z.looseObject({ host: z.string(), hostKey: z.string() }).parse(resource.inputs["connection"]);
const commands = () => all.filter(({ type }) => [remoteCommand, localCommand].includes(type));

test("every resource has its type and its parent", () => {
  const tree = all
    .filter(({ name }) => !name.startsWith("agent-b"))
    .map(({ parent, name, type }) => `${parent} > ${name}: ${type.split(":").pop() ?? ""}`);
  expect(tree.sort()).toEqual([
    " > agent-a: AgentHost",
    " > log-authority: LogAuthority",
    " > shell-1: ShellHost",
    "agent-a > agent-a-admission: Command",
    "agent-a > agent-a-app: CopyToRemote",
    "agent-a > agent-a-claude: Command",
    "agent-a > agent-a-image: Command",
    "agent-a > agent-a-init-agent: Command",
    "agent-a > agent-a-install: Command",
    "agent-a > agent-a-log-client-certificate: LocallySignedCert",
    "agent-a > agent-a-log-client-key: PrivateKey",
    "agent-a > agent-a-log-client-request: CertRequest",
    "agent-a > agent-a-peering: Peering",
    "agent-a > agent-a-reboot: Command",
    "agent-a > agent-a-registration: Command",
    "agent-a > agent-a-runtime: CopyToRemote",
    "agent-a > agent-a-seal: Command",
    "agent-a-peering > agent-a-peering-agent-host-key: PrivateKey",
    "agent-a-peering > agent-a-peering-agent-to-shell: PrivateKey",
    "agent-a-peering > agent-a-peering-shell-to-agent: PrivateKey",
    "log-authority > log-authority-certificate: SelfSignedCert",
    "log-authority > log-authority-key: PrivateKey",
    "shell-1 > shell-1-app: CopyToRemote",
    "shell-1 > shell-1-init-shell: Command",
    "shell-1 > shell-1-install: Command",
    "shell-1 > shell-1-log-server-certificate: LocallySignedCert",
    "shell-1 > shell-1-log-server-key: PrivateKey",
    "shell-1 > shell-1-log-server-request: CertRequest",
    "shell-1 > shell-1-reboot: Command",
    "shell-1 > shell-1-runtime: CopyToRemote",
    "shell-1 > shell-1-status-host-key: PrivateKey",
  ]);
});

test("components store nothing of what they are given", () => {
  const components = all.filter(({ custom }) => !custom);
  expect(components).toHaveLength(6);
  for (const component of components) expect(component.inputs).toEqual({});
});

test("every connection is pinned to its host's key, and dials for a bounded time", () => {
  const connecting = all.filter(({ inputs }) => "connection" in inputs);
  expect(connecting).toHaveLength(4 + 2 * 7);
  for (const resource of connecting) {
    const { host } = connection(resource);
    expect(connection(resource)).toMatchObject({
      hostKey: `ssh-ed25519 AAAA${host.replace(".test", "")}`,
      port: 2200,
      user: "admin",
      dialErrorLimit: 12,
      perDialTimeout: 10,
    });
    expect(resource.secrets).toContain("connection");
  }
  expect(connection(find("agent-a-install"))["privateKey"]).toBe(operatorKey);
  expect(connection(find("shell-1-install"))).not.toHaveProperty("privateKey");
});

test("commands log nothing, hand no output on, and are never replaced", () => {
  expect(commands()).toHaveLength(3 + 2 * 8);
  for (const { inputs } of commands()) {
    expect(inputs).toMatchObject({ logging: "none", addPreviousOutputInEnv: false });
    expect(inputs).not.toHaveProperty("triggers");
    expect(inputs).not.toHaveProperty("environment");
  }
});

test("a command line holds no key and nothing of what travels on standard input", () => {
  const lines = commands().flatMap(({ inputs }) =>
    ["create", "update", "delete"].map((name) => inputs[name]),
  );
  expect([...new Set(lines)].sort()).toEqual([
    "exec node infra/claude/main.ts deliver",
    "exec node infra/image/push.ts",
    "exec node infra/reboot/main.ts",
    "sudo -n flock --close -w 1500 -E 75 /run/convocate-provision.lock bash --norc -s",
    "sudo -n flock --close -w 1500 -E 75 /run/convocate-provision.lock bash --norc -s admit",
    "sudo -n flock --close -w 1500 -E 75 /run/convocate-provision.lock bash --norc -s deregister",
    "sudo -n flock --close -w 1500 -E 75 /run/convocate-provision.lock bash --norc -s register",
    undefined,
  ]);
});

test("whatever holds a private key is a secret", () => {
  const holders = all.flatMap(({ name, inputs, secrets }) =>
    Object.entries(inputs)
      .filter(([, value]) => JSON.stringify(value).includes("PRIVATE KEY"))
      .map(([input]) => ({ at: `${name}.${input}`, secret: secrets.includes(input) })),
  );
  expect(holders.map(({ at }) => at)).toEqual(
    expect.arrayContaining([
      "shell-1-init-shell.stdin",
      "agent-a-init-agent.stdin",
      "agent-a-registration.stdin",
      "agent-a-image.stdin",
      "log-authority-certificate.privateKeyPem",
    ]),
  );
  expect(holders.filter(({ secret }) => !secret)).toEqual([]);
});

test("each half of the peering goes where it belongs and nowhere else", () => {
  const holders = (key: string) =>
    all
      .filter(({ inputs }) => JSON.stringify(inputs).includes(`KEY-----\\n${key}\\n`))
      .map(({ name }) => name);
  expect(holders("agent-a-peering-agent-host-key")).toEqual(["agent-a-init-agent"]);
  expect(holders("agent-a-peering-agent-to-shell")).toEqual(["agent-a-init-agent"]);
  expect(holders("agent-a-peering-shell-to-agent")).toEqual(["agent-a-registration"]);
  expect(holders("shell-1-status-host-key")).toEqual(["shell-1-init-shell"]);
});

test("an agent is told whom it serves and whom it admits", () => {
  const stdin = text(find("agent-a-init-agent"), "stdin");
  expect(stdin).toContain("\nagent_id='id-of-agent-a'\n");
  expect(stdin).toContain("\nshell_host='shell-1.test'\n");
  expect(stdin).toContain("\nshell_host_key='ssh-ed25519 public-shell-1-status-host-key'\n");
  expect(stdin).toContain('\nconfig=\'{"command":"bash -l"}\'\n');
  expect(stdin).toContain(
    "\nauthorized_keys='ssh-ed25519 public-agent-a-peering-shell-to-agent shell=shell-1\n" +
      "ssh-ed25519 AAAAalice operator=alice\nssh-ed25519 AAAAbob operator=bob'\n",
  );
});

test("a registration is made, and taken away, on the shell host alone, once the agent runs", () => {
  const registration = find("agent-b-registration");
  expect(connection(registration).host).toBe("shell-1.test");
  expect(registration.inputs).toMatchObject({
    create: "sudo -n flock --close -w 1500 -E 75 /run/convocate-provision.lock bash --norc -s register",
    delete: "sudo -n flock --close -w 1500 -E 75 /run/convocate-provision.lock bash --norc -s deregister",
  });
  expect(registration.dependencies).toContain("agent-b-init-agent");
  const stdin = text(registration, "stdin");
  for (const line of ["agent_id='id-of-agent-b'", "name='agent-b'", "address='agent-b.test'"]) {
    expect(stdin).toContain(`\n${line}\n`);
  }
  expect(all.filter(({ inputs }) => inputs["delete"] !== undefined).map(({ name }) => name)).toEqual([
    "agent-a-registration",
    "agent-b-registration",
  ]);
});

test("an agent is initialised when it is installed and has the image; agents do not wait for each other", () => {
  expect(find("agent-a-init-agent").dependencies).toEqual(
    expect.arrayContaining(["agent-a-reboot", "agent-a-image"]),
  );
  expect(find("agent-a-image").dependencies).toContain("agent-a-reboot");
  expect(find("agent-a-install").dependencies).toEqual(["agent-a-runtime", "agent-a-app"]);
  for (const { name, dependencies } of all.filter((resource) => resource.name.startsWith("agent-b"))) {
    expect({ name, waits: dependencies.filter((other) => other.startsWith("agent-a")) }).toEqual({
      name,
      waits: [],
    });
  }
});

test("each end admits a key before the other uses it, and refuses the old one when nobody does any more", () => {
  const order = ["shell-1-init-shell", "admission", "init-agent", "registration", "seal"];
  for (const [i, step] of order.slice(1).entries()) {
    const before = order[i] ?? "";
    const wanted = before.startsWith("shell-1") ? before : `agent-a-${before}`;
    expect(find(`agent-a-${step}`).dependencies).toContain(wanted);
  }
  expect(connection(find("agent-a-admission")).host).toBe("shell-1.test");
  expect(connection(find("agent-a-seal")).host).toBe("agent-a.test");
});

test("another key epoch has other pairs and the same host keys", async () => {
  const resources = await registered(() => {
    const logs = new LogAuthority("log-authority", "fleet.test", 1);
    const shell = new ShellHost("shell-1", {
      logs,
      host: fakeHost("shell-1", ["shell"]),
      artifacts,
      operators,
      domain: "fleet.example",
    });
    const agent = asAgent(fakeHost("agent-a", ["agent"]));
    new AgentHost("agent-a", {
      agent,
      shell,
      artifacts,
      operators,
      keyEpoch: 2,
      transcript: false,
      command: "bash",
      claude,
      logs,
      ...network,
    });
  });
  const keys = resources.filter(({ type }) => type.endsWith(":PrivateKey")).map(({ name }) => name);
  expect(keys.sort()).toEqual([
    "agent-a-log-client-2-key",
    "agent-a-peering-agent-host-key",
    "agent-a-peering-agent-to-shell-2",
    "agent-a-peering-shell-to-agent-2",
    "log-authority-key",
    "shell-1-log-server-key",
    "shell-1-status-host-key",
  ]);
});

test("the image is sent over a pinned connection, with the operator's key on standard input", () => {
  const { inputs } = find("agent-a-image");
  expect(inputs["dir"]).toBe("/checkout");
  expect(JSON.parse(text(find("agent-a-image"), "stdin"))).toEqual({
    host: "agent-a.test",
    port: 2200,
    user: "admin",
    hostKey: "ssh-ed25519 AAAAagent-a",
    privateKey: operatorKey,
    image: artifacts.image,
  });
});

test("the log authority is an ECDSA P-256 CA of the domain", () => {
  expect(find("log-authority-key").inputs).toEqual({ algorithm: "ECDSA", ecdsaCurve: "P256" });
  expect(find("log-authority-certificate").inputs).toMatchObject({
    isCaCertificate: true,
    subject: { commonName: "convocate log authority of fleet.test" },
    allowedUses: ["cert_signing", "crl_signing", "digital_signature"],
  });
});

test("a host that is both is installed once, for both roles", async () => {
  const solo = fakeHost("solo", ["shell", "agent"]);
  const resources = await registered(() => {
    const logs = new LogAuthority("log-authority", "fleet.test", 1);
    const shell = new ShellHost("solo", { host: solo, logs, artifacts, operators, domain: "fleet.example" });
    const agent = asAgent(solo);
    new AgentHost("solo-agent", {
      agent,
      shell,
      artifacts,
      operators,
      keyEpoch: 1,
      transcript: false,
      command: "bash",
      claude,
      logs,
      ...network,
    });
  });
  expect(new Set(resources.map(({ name }) => name)).size).toBe(resources.length);
  expect(resources.filter(({ type }) => type === "command:remote:CopyToRemote")).toHaveLength(2);
  const install = find("solo-install", resources);
  expect(text(install, "stdin")).toContain("\nroles='shell agent'\n");
  expect(text(install, "stdin")).toMatch(/^packages='ca-certificates .*docker\.io.*'$/m);
  expect(find("solo-image", resources).dependencies).toEqual(["solo-reboot"]);
  expect(find("solo-agent-init-agent", resources).dependencies).toContain("solo-reboot");
});

test("a key file that cannot be read is named, with its host and the remedy", async () => {
  const host = fakeHost("shell-1", ["shell"], join(folder, "none"));
  await expect(
    registered(() => {
      const logs = new LogAuthority("log-authority", "fleet.test", 1);
      new ShellHost("shell-1", { host, logs, artifacts, operators, domain: "fleet.example" });
    }),
  ).rejects.toThrow(
    /^host shell-1: privateKeyFile: got .*none: Error: ENOENT.*: name a file that can be read, or leave it out/,
  );
});
