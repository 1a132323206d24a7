import { agentAuthorizedKeys } from "./agent-host.ts";
import { packagesFor } from "./installation.ts";
import { operatorLogins } from "./shell-host.ts";

const operators = { alice: "ssh-ed25519 AAAA1", "b.ob": "ssh-ed25519 AAAA2" };

test("an operator's key on the shell host opens the list and nothing else", () => {
  expect(operatorLogins(operators).split("\n")).toEqual([
    'restrict,pty,command="/usr/local/bin/convocate login --operator alice" ssh-ed25519 AAAA1 operator=alice',
    'restrict,pty,command="/usr/local/bin/convocate login --operator b.ob" ssh-ed25519 AAAA2 operator=b.ob',
  ]);
  expect(operatorLogins({})).toBe("");
});

test("an agent admits the shell host and the operators, each by name", () => {
  expect(agentAuthorizedKeys("ssh-ed25519 AAAA0", "shell-1", operators).split("\n")).toEqual([
    "ssh-ed25519 AAAA0 shell=shell-1",
    "ssh-ed25519 AAAA1 operator=alice",
    "ssh-ed25519 AAAA2 operator=b.ob",
  ]);
  expect(agentAuthorizedKeys("ssh-ed25519 AAAA0", "shell-1", {})).toBe("ssh-ed25519 AAAA0 shell=shell-1");
});

test("Docker is for agents; a host with both roles gets each package once", () => {
  expect(packagesFor(["shell"])).not.toContain("docker.io");
  expect(packagesFor(["agent"])).toContain("docker.io");
  const both = packagesFor(["shell", "agent"]);
  expect(new Set(both).size).toBe(both.length);
  expect(both).toEqual(expect.arrayContaining(packagesFor(["agent"])));
});
