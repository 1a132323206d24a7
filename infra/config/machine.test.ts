import { ConfigError, parseFleet } from "./fleet.ts";
import { checkMachine } from "./machine.ts";

const machine = "0123456789abcdef0123456789abcdef";
const hostKey = `ssh-ed25519 ${Buffer.concat([
  Buffer.from([0, 0, 0, 11]),
  Buffer.from("ssh-ed25519"),
  Buffer.from([0, 0, 0, 32]),
  Buffer.alloc(32, 1),
]).toString("base64")}`;
const shell = { role: "shell", address: "10.0.0.10", local: machine };
const agent = { role: "agent", address: "10.0.0.21", hostKey, shell: "shell-1" };
const settings = (hosts: object) => ({ domain: "fleet.example.com", command: "bash", hosts });

function faults(hosts: object): string {
  try {
    parseFleet("lab", settings(hosts), "/home/me");
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "";
}

test.each([
  [
    "a machine that is none",
    { "shell-1": { ...shell, local: true }, "agent-a": agent },
    /shell-1.local: got true: the machine id .*init-shell/,
  ],
  [
    "two machines that are this one",
    { "shell-1": shell, "agent-a": { ...agent, local: machine } },
    /agent-a.local: got 0123\S+, and shell-1 has one: .*by SSH/,
  ],
  [
    "neither a host key nor a machine",
    { "shell-1": { ...shell, local: undefined }, "agent-a": agent },
    /shell-1.hostKey: got nothing: a host key is required/,
  ],
  [
    "an address by which the others are themselves",
    { "shell-1": { ...shell, address: "127.0.0.1" }, "agent-a": agent },
    /shell-1.address: got 127.0.0.1, which the other hosts .*: give the one that they reach/,
  ],
])("%s is refused", (_what, hosts, line) => {
  expect(faults(hosts)).toMatch(line);
});

test("a host may be this machine, without a key; on another machine nothing is touched", () => {
  const fleet = parseFleet("lab", settings({ "shell-1": shell, "agent-a": agent }), "/home/me");
  expect(fleet.shell).toMatchObject({ local: machine, connection: { hostKey: null } });
  expect(() => checkMachine("lab", fleet, machine)).not.toThrow();
  for (const other of ["f".repeat(32), null])
    expect(() => checkMachine("lab", fleet, other)).toThrow(
      /shell-1.local: got 0123.*, and this machine is .*: run this on shell-1 itself/,
    );
});
