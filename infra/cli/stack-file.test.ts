import { statSync, writeFileSync } from "node:fs";
import { ConfigError } from "../config/fleet.ts";
import { StackFile } from "./stack-file.ts";
import { ed25519, ScratchStack } from "./scratch-stack.fake.ts";

const good = `# the fleet of the house
config:
  # where sessions get names
  convocate:domain: fleet.example.com # ours
  convocate:hosts:
    # in the cellar
    shell-1: { role: shell, address: 10.0.0.10, hostKey: "${ed25519(1)}" }

    agent-a:
      role: agent
      address: 10.0.0.21 # behind the door
      hostKey: "${ed25519(2)}"
      shell: shell-1
  other:setting: kept
encryptionsalt: v1:salt
`;

let stack: ScratchStack;
const open = (text: string | null, create = false) => {
  stack = new ScratchStack(text);
  return StackFile.read(stack.folder, "test", { home: "/home/me", create });
};
afterEach(() => stack.remove());

test("a file that is only read is not changed, however its blanks are set", () => {
  for (const text of [good, good.replaceAll("{ ", "{").replaceAll(" }", "}")])
    expect(open(text).isChanged).toBe(false);
});

test("comments, order, blank lines and what is not ours stay", () => {
  const file = open(good);
  file.setHost("agent-b", { role: "agent", address: "10.0.0.22", hostKey: ed25519(3), shell: "shell-1" });
  file.fleet();
  file.write();
  expect(stack.text).toBe(
    good.replace(
      "  other:setting",
      `    agent-b: { role: agent, address: 10.0.0.22, hostKey: "${ed25519(3)}", shell: shell-1 }\n  other:setting`,
    ),
  );
  expect(stack.files).toEqual(["Pulumi.test.yaml"]);
});

test("a field of a host is changed where it stands, in flow and in block style", () => {
  const file = open(good);
  file.setHost("shell-1", { address: "10.0.0.11" });
  file.setHost("agent-a", { hostKey: ed25519(4), port: 2222 });
  expect(file.text).toContain(`shell-1: { role: shell, address: 10.0.0.11, hostKey: "${ed25519(1)}" }`);
  expect(file.text).toContain(`address: 10.0.0.21 # behind the door\n      hostKey: "${ed25519(4)}"`);
  expect(file.host("agent-a")).toMatchObject({ port: 2222, hostKey: ed25519(4) });
});

test("a stack file that does not exist is made, when that is asked for", () => {
  expect(() => open(null)).toThrow(/Pulumi\.test\.yaml does not exist/);
  stack.remove();
  const file = open(null, true);
  file.setSetting("domain", "a.example");
  file.setHost("shell-1", { role: "shell", address: "10.0.0.10", hostKey: ed25519(1) });
  expect(file.fleet().shell?.name).toBe("shell-1");
  file.write();
  expect(statSync(stack.path).mode & 0o777).toBe(0o644);
  expect(StackFile.read(stack.folder, "test", { home: "/" }).hosts).toEqual(["shell-1"]);
});

test.each([
  ["a text", "just text\n"],
  ["a list", "- a\n"],
  ["nothing", ""],
])("%s instead of settings has no hosts, and is told as what it is when it is checked", (_what, text) => {
  const file = open(text);
  expect(file.hosts).toEqual([]);
  expect(() => file.fleet()).toThrow(ConfigError);
});

test("what is no YAML is refused, and stays", () => {
  expect(() => open("config: {\n")).toThrow(/is no YAML; nothing was touched/);
  expect(stack.text).toBe("config: {\n");
});

test("an edit that makes another host's trouble is refused; one that leaves old trouble is not", () => {
  const waiting = good
    .replace(`      hostKey: "${ed25519(2)}"\n`, "")
    .replace(`, hostKey: "${ed25519(1)}"`, "");
  const file = open(waiting);
  file.setHost("shell-1", { hostKey: ed25519(1) });
  expect(() => file.checkNoNewFault()).not.toThrow();
  expect(() => file.fleet()).toThrow(/hosts.agent-a.hostKey: got nothing/);
  file.setHost("agent-a", { hostKey: ed25519(1) });
  expect(() => file.checkNoNewFault()).toThrow(/agent-a.hostKey: got ssh-ed25519 .*, which shell-1 has/);
});

test("a secret of the stack is no fault, one in plain text is", () => {
  const claude = (token: string) =>
    good.replace(
      "  convocate:hosts:",
      `  convocate:claude:\n    version: 2.1.0\n    token: ${token}\n  convocate:hosts:`,
    );
  expect(() => open(claude("{ secure: v1:abc }")).fleet()).not.toThrow();
  stack.remove();
  expect(() => open(claude("sk-abc")).fleet()).toThrow(/claude.token: got a token in plain text/);
});

test("what somebody else wrote meanwhile is not written over", () => {
  const file = open(good);
  file.setHost("agent-a", { port: 2222 });
  writeFileSync(stack.path, `${good}# mine\n`);
  expect(() => file.write()).toThrow(/changed by somebody else/);
  expect(stack.text).toBe(`${good}# mine\n`);
});
