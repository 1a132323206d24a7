/** What migrate-session refuses before it connects to anything: the hosts of this stack answer nobody. */
import { CliError } from "./cli-error.ts";
import { migrateSession, type MigrateOptions } from "./migrate-session.ts";
import { ed25519, ScratchStack } from "./scratch-stack.fake.ts";

const uuid = "0b0b0b0b-1111-4222-8333-444444444444";
const key = (n: number) => `user: admin, port: 1, hostKey: "${ed25519(n)}"`;
const shell = `    shell-1: { role: shell, address: 127.0.0.1, ${key(1)} }\n`;
const agents = `    agent-a: { role: agent, shell: shell-1, address: 127.0.0.2, ${key(2)} }
    agent-b: { role: agent, shell: shell-1, address: 127.0.0.3, drain: true, ${key(3)} }\n`;
const file = (hosts: string) =>
  `config:\n  convocate:domain: fleet.example.com\n  convocate:hosts:\n${hosts}`;

let stack: ScratchStack;
afterEach(() => stack.remove());

/** What a command line is answered: exit status, words and remedy. */
async function answer(options: Partial<MigrateOptions>, hosts = shell + agents): Promise<string> {
  stack = new ScratchStack(file(hosts));
  const given = { session: uuid, agent: "agent-a", stack: "test", ...options };
  const error: unknown = await migrateSession(stack.context, given).catch((thrown: unknown) => thrown);
  if (error instanceof CliError) return `${error.exit}: ${error.message}: ${error.remedy}`;
  throw error;
}

test.each<[string, Partial<MigrateOptions>, RegExp]>([
  [
    "an agent that the stack does not have",
    { agent: "nowhere" },
    /^notFound: --agent: got nowhere, which is no agent of this stack: it has agent-a, agent-b/,
  ],
  [
    "the shell host as its target",
    { agent: "shell-1" },
    /^notFound: --agent: got shell-1, which is no agent/,
  ],
  [
    "an agent that is being drained",
    { agent: "agent-b" },
    /^refused: agent-b is being drained.*: .*take `drain` from it/,
  ],
  [
    "a source that the stack does not have",
    { from: "nowhere" },
    /^notFound: --from: got nowhere.*: Name one of agent-a, agent-b, shell-1/,
  ],
  ["an agent that it is on already", { from: "agent-a" }, /^refused: the session is on agent-a already: /],
  [
    "a name where the source is given",
    { from: "shell-1", session: "web" },
    /^usage: --session: got web: .*whole UUID/,
  ],
  ["a UUID that leads elsewhere", { from: "shell-1", session: "../../etc" }, /^usage: --session/],
  ["a port that is none", { port: "0" }, /^usage: --port: got 0: A port is 1 to 65535, or none/],
  ["a port that is too high", { port: "65536" }, /^usage: --port/],
  ["a port in words", { port: "http" }, /^usage: --port/],
  [
    "a DNS name that is none",
    { dnsName: "a b\n10.0.0.1 bank" },
    /^usage: --dns-name: got "a b\\n10\.0\.0\.1 bank": .*or none/,
  ],
  ["a host that does not answer", {}, /^unreachable: shell-1: .*: Check that the host is on/],
])("refuses %s", async (_, options, words) => {
  expect(await answer(options)).toMatch(words);
  expect(stack.context.out).toBe("");
});
