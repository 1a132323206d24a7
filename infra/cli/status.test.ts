import type { FleetAgent } from "../config/fleet.ts";
import { readStatus } from "./status.ts";
import { statusText } from "./status-text.ts";
import type { State } from "./state.ts";

const connection = (address: string) => ({
  address,
  port: 22,
  user: "root",
  hostKey: "",
  privateKeyFile: null,
});
const agent = (name: string, agentId: string, address: string): FleetAgent => ({
  name,
  roles: ["agent"],
  agentId,
  drain: false,
  connection: connection(address),
  agentHostKey: null,
  local: null,
  statusHostKey: null,
});
const fleet: Parameters<typeof readStatus>[0]["fleet"] = {
  domain: "fleet.example.com",
  shell: {
    name: "shell-1",
    roles: ["shell"],
    connection: connection("10.0.0.10"),
    local: null,
    statusHostKey: null,
  },
  agents: [agent("agent-a", "ida", "10.0.0.21"), agent("agent-b", "idb", "10.0.0.22")],
};
const hosts = ["shell-1", "agent-a", "agent-b"];
const now = Date.parse("2026-11-23T08:00:00Z");
const day = 24 * 60 * 60 * 1000;
const prefix = "urn:pulumi:test::convocate::";

const component = (name: string, type = "convocate:host:AgentHost") => ({
  urn: `${prefix}${type}::${name}`,
  type,
});
const resource = (host: string, step: string, more: object = {}) => ({
  urn: `${prefix}convocate:host:AgentHost$command:remote:Command::${host}-${step}`,
  type: "command:remote:Command",
  parent: component(host).urn,
  custom: true,
  modified: "2026-11-22T10:00:00.123Z",
  ...more,
});
const ends = (days: number) => ({
  outputs: { validityEndTime: new Date(now + days * day + 1_000).toISOString() },
});

const state: State = {
  version: 3,
  deployment: {
    pending_operations: [{}],
    resources: [
      {
        urn: `${prefix}pulumi:pulumi:Stack::convocate-test`,
        type: "pulumi:pulumi:Stack",
        outputs: { url: "x" },
      },
      component("shell-1", "convocate:host:ShellHost"),
      component("agent-a"),
      resource("agent-a", "install", { outputs: { stdout: '{"app":"aaaa0000aaaa0000"}' } }),
      resource("agent-a", "registration", { modified: "2026-11-23T07:00:00Z" }),
      resource("agent-a", "log-certificate", ends(12)),
      component("agent-b"),
      resource("agent-b", "install", { outputs: { stdout: "" } }),
      component("agent-old"),
      resource("agent-old", "registration"),
      {
        ...resource("x", "log-authority-certificate", ends(3000)),
        parent: "",
        urn: `${prefix}tls:x::log-authority-certificate`,
      },
    ],
  },
};
const build = { app: "bbbb", runtime: null, images: [] };
const found = readStatus({ stack: "test", fleet, hosts }, state, build, now);

test("says of each host what stack file and state say together", () => {
  expect(found.hosts).toMatchObject([
    {
      host: "shell-1",
      roles: ["shell"],
      provisioned: "no",
      agent_id: null,
      app: null,
      current: null,
      updated_at: null,
    },
    {
      host: "agent-a",
      address: "10.0.0.21",
      agent_id: "ida",
      provisioned: "yes",
      app: "aaaa0000aaaa0000",
      current: false,
      updated_at: "2026-11-23T07:00:00Z",
      certificates: [{ step: "log-certificate", days: 12 }],
    },
    { host: "agent-b", provisioned: "partly", app: null },
    { host: "agent-old", provisioned: "leaving", roles: [] },
  ]);
  expect(found).toMatchObject({
    pending: 1,
    outputs: { url: "x" },
    certificates: [{ step: "log-authority-certificate", days: 3000 }],
  });
});

test("a stack that was never brought up has hosts that are not set up", () => {
  const none = readStatus({ stack: "test", fleet, hosts }, null, build, now);
  expect(none.hosts.map(({ provisioned }) => provisioned)).toEqual(["no", "no", "no"]);
});

test("for people: a table, and warnings with what to do", () => {
  const text = statusText(found);
  expect(text).toMatch(
    /^agent-a +agent +10\.0\.0\.21 +ida +yes +aaaa0000aaaa \(an update is due\) +2026-11-23T07:00:00Z$/m,
  );
  expect(text).toMatch(
    /^warning: certificate log-certificate of agent-a: 12 days; `convocate-host update --all` renews it$/m,
  );
  expect(text).toMatch(/^warning: an interrupted run left 1 operations open/m);
  expect(text).not.toMatch(/warning.*log-authority/);
});
