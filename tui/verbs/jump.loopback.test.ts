/** `--via`: the fleet from another machine. What sshd does there is done by a script, which runs the real program. */
import { spawn } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FakeAgent } from "../client/agent.fake.ts";
import { newKey } from "../client/agent.fake.ts";
import { eventually } from "../client/eventually.fake.ts";
import { FakeShellHost } from "../fleet.fake.ts";

const main = join(import.meta.dirname, "../main.ts");
const node = join(import.meta.dirname, "../../node_modules/.bin/node");
let host: FakeShellHost;
let agent: FakeAgent;
const file = (name: string) => join(host.folder, name);

beforeEach(async () => {
  host = new FakeShellHost();
  await host.fleet.listen();
  agent = await host.addAgent("a1", "agent-a");
  agent.add("api", { state: "running", running: true });
  writeFileSync(file("identity"), agent.userKey.private, { mode: 0o600 });
  // As sshd with the forced command of a key: what was asked for is in the environment.
  const login = `SSH_ORIGINAL_COMMAND="$*" exec ${node} ${file("login.mjs")}`;
  writeFileSync(
    file("ssh"),
    `#!/bin/sh\nwhile [ "$1" != "--" ]; do shift; done\nshift\n[ "$1" = alice@shell ] || { echo "no such host" >&2; exit 255; }\nshift\n${login}\n`,
    { mode: 0o755 },
  );
  const options = [...host.options.map((word) => JSON.stringify(word)), "...words"].join(", ");
  writeFileSync(
    file("login.mjs"),
    `import { spawn } from "node:child_process";
     import { splitWords } from ${JSON.stringify(join(import.meta.dirname, "words.ts"))};
     const words = splitWords(process.env.SSH_ORIGINAL_COMMAND);
     delete process.env.SSH_ORIGINAL_COMMAND;
     delete process.env.CONVOCATE_VIA;
     spawn(${JSON.stringify(node)}, [${JSON.stringify(main)}, ${options}], { stdio: "inherit" }).on("close", (code) => process.exit(code));`,
  );
});
afterEach(() => host.close());

function convocate(...args: string[]) {
  const env = { PATH: process.env["PATH"], CONVOCATE_SSH: file("ssh"), CONVOCATE_VIA: "alice@shell" };
  const child = spawn(node, [main, ...args], { env, timeout: 20_000 });
  const said = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said.err += chunk.toString()));
  const status = new Promise<number | null>((resolve) => child.on("close", resolve));
  return { child, said, ran: status.then((code) => ({ status: code, ...said })) };
}
const identity = () => ["--identity", file("identity")];

test("the list and an operation by way of the shell host, with the operator's own key", async () => {
  const { out } = await convocate(...identity(), "ls").ran;
  expect(out).toMatch(/^R .*api.*agent-a/m);
  expect(await convocate(...identity(), "kill", "api").ran).toMatchObject({ status: 0 });
  expect(agent.calls.map(({ op }) => op)).toEqual(["capabilities", "kill"]);
}, 30_000);

test("an orphan is adopted, and another deleted, by the shell host itself: what it lies on is only there", async () => {
  const { uuid } = host.layOrphan("it's here", { port: 8080 });
  const doomed = host.layOrphan("doomed");
  const adopted = await convocate(
    ...identity(),
    "adopt",
    "it's here",
    "--name",
    "it is",
    "--port",
    "auto",
    "--json",
  ).ran;
  expect(adopted).toMatchObject({ status: 0, err: "" });
  expect(JSON.parse(adopted.out)).toMatchObject({ uuid, name: "it is", port: 1001, host: "agent-a" });
  expect(agent.imported.has(uuid)).toBe(true);
  expect(await convocate(...identity(), "rm", "doomed").ran).toMatchObject({ status: 0, err: "" });
  expect(readdirSync(host.homes)).toEqual([]);
  host.forget(doomed.uuid);
  const third = host.layOrphan("third", { port: 1001 });
  const refused = await convocate(...identity(), "adopt", "third").ran;
  expect(refused).toMatchObject({
    status: 1,
    err: expect.stringMatching(
      /shell host: convocate: port 1001\/tcp .*--port auto gives it a free one/,
    ) as string,
  });
  expect(readdirSync(host.homes)).toEqual([third.uuid]);
  // Each is in the shell host's own audit log, once.
  expect(host.fleet.audits).toMatchObject([
    { verb: "adopt", session: uuid, result: "ok" },
    { verb: "delete", session: doomed.uuid, result: "ok" },
    { verb: "adopt", session: third.uuid, result: "port_taken" },
  ]);
}, 60_000);

test("a terminal, byte for byte", async () => {
  const { child, said, ran } = convocate(...identity(), "attach", "api");
  await eventually(() => expect(said.out).toContain("attached to api"), 15_000);
  child.stdin.write("hello\n");
  await eventually(() => expect(said.out).toContain("hello\n"));
  agent.terminals[0]?.end(0);
  expect((await ran).status).toBe(0);
}, 30_000);

test("an agent with another host key than the shell host tells is refused, whoever carries the bytes", async () => {
  const imposter = newKey().public;
  const [known] = host.fleet.agents;
  if (known) host.fleet.agents = [{ ...known, host_key: imposter }];
  expect(await convocate(...identity(), "kill", "api").ran).toMatchObject({
    status: 5,
    err: expect.stringMatching(/is pinned: refused/) as string,
  });
}, 30_000);

test("without a key, with one that is not there, by way of a host that is not there: said, with the remedy", async () => {
  expect(await convocate("ls").ran).toMatchObject({
    status: 2,
    err: expect.stringMatching(/ssh-agent.*--identity/s) as string,
  });
  expect(await convocate("--identity", file("none"), "ls").ran).toMatchObject({ status: 2 });
  expect(await convocate(...identity(), "--via", "nobody@nowhere", "ls").ran).toMatchObject({
    status: 5,
    err: expect.stringMatching(/no such host/) as string,
  });
}, 30_000);
