/** Who gets which part of the log channel, under Pulumi's mocks. */
import { z } from "zod";
import { AgentHost } from "./agent-host.ts";
import { registered, type Registered } from "./engine.fake.ts";
import { artifacts, asAgent, fakeHost, operators } from "./fleet.fake.ts";
import { LogAuthority } from "./log-authority.ts";
import { ShellHost } from "./shell-host.ts";

const domain = "fleet.example";
const others = {
  keyEpoch: 1,
  transcript: false,
  command: "bash",
  claude: { source: null, token: null, fetched: [] },
};

/** A fleet whose shell host has that address, or is an agent itself. */
const declared = (epoch: number, { combined = false, address = "10.0.0.10" } = {}): Promise<Registered[]> =>
  registered(() => {
    const logs = new LogAuthority("log-authority", domain, epoch);
    const host = fakeHost("shell-1", combined ? ["shell", "agent"] : ["shell"]);
    host.connection.address = address;
    const shared = { artifacts, operators, domain, logs };
    const shell = new ShellHost("shell-1", { host, ...shared });
    const agent = asAgent(combined ? host : fakeHost("agent-a", ["agent"]));
    const name = combined ? "shell-1-agent" : "agent-a";
    new AgentHost(name, { agent, shell, publishFrom: [], ...shared, ...others });
  });

function find(name: string, among: readonly Registered[]): Registered {
  const found = among.find((resource) => resource.name === name);
  if (!found) throw new Error(`no resource is named ${name}`);
  return found;
}
const stdin = ({ inputs }: Registered) => z.string().parse(inputs["stdin"]);

test("an agent is its id, by both names that rsyslog compares; the server is a name that is no agent's, and its address", async () => {
  const all = await declared(1);
  expect(find("agent-a-log-client-request", all).inputs).toMatchObject({
    subject: { commonName: "id-of-agent-a" },
    dnsNames: ["id-of-agent-a"],
    ipAddresses: [],
  });
  expect(find("shell-1-log-server-request", all).inputs).toMatchObject({
    subject: { commonName: "convocate log server" },
    dnsNames: ["logs.fleet.example"],
    ipAddresses: ["10.0.0.10"],
  });
  const named = await declared(1, { address: "shell.example" });
  expect(find("shell-1-log-server-request", named).inputs).toMatchObject({
    dnsNames: ["logs.fleet.example", "shell.example"],
    ipAddresses: [],
  });
});

test("each certificate opens one side alone, and an up renews it before it ends and within the authority's time", async () => {
  const all = await declared(1);
  const uses = { "agent-a-log-client": "client_auth", "shell-1-log-server": "server_auth" };
  const authority = z
    .looseObject({ validityPeriodHours: z.number(), earlyRenewalHours: z.number() })
    .parse(find("log-authority-certificate", all).inputs);
  for (const [name, use] of Object.entries(uses)) {
    const { inputs } = find(`${name}-certificate`, all);
    expect(inputs).toMatchObject({ allowedUses: ["digital_signature", use], earlyRenewalHours: 60 * 24 });
    expect(inputs["validityPeriodHours"]).toBeLessThan(authority.earlyRenewalHours);
  }
});

test("a private key goes to its own host and nowhere else, as a secret; the authority's goes nowhere", async () => {
  const all = await declared(1);
  const holds = (key: string) =>
    all
      .filter(({ inputs }) => "stdin" in inputs)
      .filter((one) => stdin(one).includes(`PRIVATE KEY-----\n${key}\n`));
  expect(holds("agent-a-log-client-key").map(({ name }) => name)).toEqual(["agent-a-init-agent"]);
  expect(holds("shell-1-log-server-key").map(({ name }) => name)).toEqual(["shell-1-init-shell"]);
  expect(holds("log-authority-key")).toEqual([]);
  for (const name of ["agent-a-init-agent", "shell-1-init-shell"])
    expect(find(name, all).secrets).toContain("stdin");
});

test("another epoch: another authority signs, and both ends trust the one before as well", async () => {
  const trust = (all: Registered[], command: string) =>
    /\nlog_ca='([^']*)'\n/.exec(stdin(find(command, all)))?.[1];
  expect(trust(await declared(1), "agent-a-init-agent")).toBe("certificate log-authority-certificate");
  for (const [epoch, before] of [
    [2, ""],
    [3, "-2"],
  ] as const) {
    const all = await declared(epoch);
    const present = `certificate log-authority-certificate-${String(epoch)}`;
    for (const command of ["agent-a-init-agent", "shell-1-init-shell"])
      expect(trust(all, command)).toBe(`${present}\ncertificate log-authority-certificate${before}`);
    const signed = find("agent-a-log-client-certificate", all).inputs;
    expect(signed["caCertPem"]).toBe(`${present}\n`);
    expect(all.filter(({ type }) => type.endsWith("SelfSignedCert"))).toHaveLength(2);
  }
});

test("an agent on the shell host itself needs no certificate", async () => {
  const all = await declared(1, { combined: true });
  expect(all.filter(({ name }) => name.includes("log-client"))).toEqual([]);
  expect(stdin(find("shell-1-agent-init-agent", all))).toContain("\nlog_key=''\n");
});
