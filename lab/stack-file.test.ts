import { parseDocument } from "yaml";
import type { Host } from "./records.ts";
import { recordPins, stackLine } from "./stack-file.ts";

const connection = { user: "admin", privateKeyFile: "/lab/key", operatorKey: "ssh-ed25519 AAAAoperator" };
const host = (name: string, last = 10): Host => ({
  name,
  address: `10.213.0.${String(last)}`,
  hostKey: `ssh-ed25519 AAAA${name}`,
});

const text = `# the lab
config:
  convocate:domain: lab.internal # ours
  convocate:hosts:
    # first the agent
    agent-a: { role: agent, shell: shell-1, address: old, port: 2222 }
    shell-1: { role: shell }
    elsewhere: { role: agent, shell: shell-1, address: 10.0.0.9, hostKey: "ssh-ed25519 AAAAtheirs" }
  convocate:operators:
    alice: ssh-ed25519 AAAAalice
encryptionsalt: v1:salt
`;
const hosts = [host("agent-a", 11), host("shell-1"), host("unlisted", 12)];
const read = (yaml: string): unknown => parseDocument(yaml).toJS();

test("addresses and pins of listed hosts are recorded, and the connection; nothing else changes", () => {
  expect(read(recordPins(text, connection, hosts))).toEqual({
    config: {
      "convocate:domain": "lab.internal",
      "convocate:hosts": {
        "agent-a": {
          role: "agent",
          shell: "shell-1",
          address: "10.213.0.11",
          port: 2222,
          hostKey: "ssh-ed25519 AAAAagent-a",
        },
        "shell-1": { role: "shell", address: "10.213.0.10", hostKey: "ssh-ed25519 AAAAshell-1" },
        elsewhere: {
          role: "agent",
          shell: "shell-1",
          address: "10.0.0.9",
          hostKey: "ssh-ed25519 AAAAtheirs",
        },
      },
      "convocate:operators": { alice: "ssh-ed25519 AAAAalice", lab: "ssh-ed25519 AAAAoperator" },
      "convocate:ssh": { user: "admin", privateKeyFile: "/lab/key" },
    },
    encryptionsalt: "v1:salt",
  });
});

test("comments and order stay, and lines are not folded", () => {
  const recorded = recordPins(text, connection, hosts);
  expect(recorded).toContain("# the lab\n");
  expect(recorded).toContain("convocate:domain: lab.internal # ours\n");
  expect(recorded).toContain("# first the agent\n");
  const order = ["domain", "agent-a:", "shell-1: {", "elsewhere", "operators", "encryptionsalt"];
  const places = order.map((word) => recorded.indexOf(word));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(recorded.split("\n").filter((line) => line.includes("hostKey"))).toHaveLength(3);
});

test("a second time changes nothing", () => {
  const once = recordPins(text, connection, hosts);
  expect(recordPins(once, connection, hosts)).toBe(once);
});

test("a file that lists nothing yet gets the connection and no hosts", () => {
  expect(read(recordPins("", connection, hosts))).toEqual({
    config: {
      "convocate:ssh": { user: "admin", privateKeyFile: "/lab/key" },
      "convocate:operators": { lab: "ssh-ed25519 AAAAoperator" },
    },
  });
});

test("the line for a stack file says what the host's name promises", () => {
  expect(stackLine(host("shell-1"), "shell-1")).toBe(
    'shell-1: { role: shell, address: 10.213.0.10, hostKey: "ssh-ed25519 AAAAshell-1" }',
  );
  expect(stackLine(host("agent-b", 12), "shell-2")).toBe(
    'agent-b: { role: agent, address: 10.213.0.12, hostKey: "ssh-ed25519 AAAAagent-b", shell: shell-2 }',
  );
  expect(read(stackLine(host("agent-b"), "shell-1"))).toMatchObject({ "agent-b": { role: "agent" } });
});
