import { spawn } from "node:child_process";
import { join } from "node:path";
import { FakeShellHost } from "../fleet.fake.ts";

const node = join(import.meta.dirname, "../../node_modules/.bin/node");
const main = join(import.meta.dirname, "../main.ts");
let host: FakeShellHost;
beforeEach(async () => {
  host = new FakeShellHost();
  await host.fleet.listen();
});
afterEach(() => host.close());

function logs(...args: string[]): Promise<{ status: number | null; out: string; err: string }> {
  const child = spawn(node, [main, ...host.options, "logs", ...args], {
    env: { PATH: process.env["PATH"] },
    timeout: 30_000,
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  return new Promise((resolve) => child.on("close", (status) => resolve({ status, out, err })));
}

test("the lines of a session, by name or the beginning of its UUID; as many as are asked for", async () => {
  const agent = await host.addAgent("a1", "agent-a");
  const { uuid } = agent.add("api", { state: "running", running: true });
  agent.printed.set(uuid, ["$ make", "", "done"]);
  expect(await logs("api")).toEqual({ status: 0, out: "$ make\n\ndone\n", err: "" });
  expect(await logs(uuid.slice(0, 8), "-n", "7", "--json")).toMatchObject({ status: 0 });
  expect(agent.calls.filter(({ op }) => op === "logs").map(({ params }) => params)).toEqual([
    { id: uuid, lines: null },
    { id: uuid, lines: 7 },
  ]);
  agent.add("never");
  expect(await logs("never")).toEqual({ status: 0, out: "", err: "" });
}, 60_000);

test("whatever an agent says a session printed, nothing acts on the terminal", async () => {
  const agent = await host.addAgent("a1", "agent-a");
  const { uuid } = agent.add("evil");
  const hostile = ["\x1b]52;c;ZXZpbA==\x07", "\x9b2J", "a\u202eb\u200bc\u{e0041}", "x\r\ny", "ok é 漢"];
  agent.printed.set(uuid, hostile);
  const text = await logs("evil");
  expect(text.status).toBe(0);
  expect(text.out).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  expect(text.out).toContain("ok é 漢\n");
  expect(text.out.split("\n")).toHaveLength(hostile.length + 1);
  const json = await logs("evil", "--json");
  expect(json.out).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  expect(JSON.parse(json.out)).toMatchObject({ name: "evil", running: false, lines: hostile });
}, 60_000);

test("usage 2, not found 3, unreachable 5; an agent that is too old is named with the remedy", async () => {
  const agent = await host.addAgent("a1", "agent-a");
  const old = await host.addAgent("a2", "agent-b", { v2: true });
  agent.add("api");
  old.add("aged");
  for (const lines of ["0", "2001", "x"])
    expect(await logs("api", "-n", lines)).toMatchObject({
      status: 2,
      err: expect.stringContaining("1 to 2000") as unknown,
    });
  expect(await logs("nope")).toMatchObject({ status: 3 });
  expect(await logs("aged")).toMatchObject({
    status: 1,
    err: expect.stringMatching(/agent-b.*too old.*pulumi up/) as unknown,
  });
  await agent.close();
  expect(await logs("api")).toMatchObject({ status: 5 });
}, 90_000);
