import { deriveAgentId } from "../config/agent-id.ts";
import { CliError } from "./cli-error.ts";
import { editHost, findHost, requireHost, type HostOptions } from "./host-entry.ts";
import { ed25519, ScratchStack } from "./scratch-stack.fake.ts";
import { StackFile } from "./stack-file.ts";

const stack = new ScratchStack(`config:
  convocate:domain: fleet.example.com
  convocate:hosts:
    shell-1: { role: shell, address: 10.0.0.10, hostKey: "${ed25519(1)}" }
    agent-a: { role: agent, address: 10.0.0.21, hostKey: "${ed25519(2)}", shell: shell-1 }
    agent-b: { role: agent, address: 10.0.0.22, hostKey: "${ed25519(3)}", shell: shell-1, agentId: old-id }
`);
afterAll(() => stack.remove());

const read = () => StackFile.read(stack.folder, "test", { home: "/home/me" });
async function edited(name: string, options: HostOptions) {
  const file = read();
  await editHost(stack.context, file, name, options);
  file.fleet();
  return file.host(name);
}

test.each([
  ["agent-a", "agent-a"],
  ["10.0.0.22", "agent-b"],
  ["old-id", "agent-b"],
  [deriveAgentId("test", "agent-a"), "agent-a"],
  ["nobody", null],
  ["10.0.0.99", null],
])("%s names the host %s", (wanted, expected) => {
  expect(findHost(read(), wanted)).toBe(expected);
});

test("a host that is not there is not found, and the ones that are there are named", () => {
  expect(() => requireHost(read(), "agent-z")).toThrow(/"agent-z": it has shell-1, agent-a, agent-b/);
});

test("a new agent gets its role, the shell host there is, and its trusted key", async () => {
  const given = {
    role: "agent",
    address: "10.0.0.23",
    user: "ubuntu",
    port: 2222,
    identity: "~/.ssh/fleet",
  } as const;
  expect(await edited("agent-c", { ...given, hostKey: `${ed25519(9)} root@agent-c` })).toEqual({
    role: "agent",
    address: "10.0.0.23",
    user: "ubuntu",
    port: 2222,
    privateKeyFile: "~/.ssh/fleet",
    hostKey: ed25519(9),
    shell: "shell-1",
  });
});

test("a host that is there and has what is asked for stays as it is", async () => {
  const file = read();
  await editHost(stack.context, file, "agent-a", { role: "agent" });
  expect(file.isChanged).toBe(false);
});

test("one role more makes a list of both", async () => {
  expect(await edited("shell-1", { role: "agent" })).toMatchObject({ roles: ["shell", "agent"] });
});

test.each<[string, string, HostOptions, RegExp]>([
  ["a new host without an address", "agent-c", { role: "agent" }, /no host of stack test yet/],
  ["an address instead of a name", "10.0.0.30", { role: "agent" }, /looks like an address/],
  [
    "half a key",
    "agent-c",
    { role: "agent", address: "10.0.0.30", hostKey: "ssh-ed25519" },
    /not a public key line/,
  ],
  ["another key for a known host", "agent-a", { hostKey: ed25519(9) }, /shows another host key/],
  [
    "a key that is not the expected one",
    "agent-a",
    { hostKey: ed25519(2), fingerprint: `SHA256:${"A".repeat(43)}` },
    /another host key than the one expected/,
  ],
  ["half a fingerprint", "agent-a", { hostKey: ed25519(2), fingerprint: "SHA256:abc" }, /--fingerprint: got/],
])("refuses %s", async (_what, name, options, message) => {
  const refused = edited(name, options);
  await expect(refused).rejects.toThrow(message);
  await expect(refused).rejects.toBeInstanceOf(CliError);
});

test("another key takes a known one's place when that is said", async () => {
  expect(await edited("agent-a", { hostKey: ed25519(9), replace: true })).toMatchObject({
    hostKey: ed25519(9),
  });
});
