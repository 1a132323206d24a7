/** A link that goes silent under an open attach: nobody says that it is gone, so the keepalive has to find out. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { attachExit } from "../../protocol/attach.ts";
import { registrationFiles } from "../../protocol/config.ts";
import { keepalive } from "../../protocol/transport.ts";
import { localAccess } from "./access.ts";
import { FakeAgent } from "./agent.fake.ts";
import { attachSession } from "./attach.ts";
import { eventually } from "./eventually.fake.ts";
import { AgentPool } from "./pool.ts";
import { SilentLink } from "./silent-link.fake.ts";

// The real one takes 45 s.
jest.mock("../../protocol/transport.ts", () => ({
  ...jest.requireActual<object>("../../protocol/transport.ts"),
  keepalive: { intervalMs: 200, misses: 3 },
}));

const folder = mkdtempSync(join(tmpdir(), "silent-"));
const agent = new FakeAgent("a1");
let link: SilentLink;
let pool: AgentPool;

beforeAll(async () => {
  await agent.listen();
  await agent.register(folder, "agent-a");
  link = new SilentLink(agent.port);
  const address = `127.0.0.1:${String(await link.listen())}`;
  writeFileSync(join(folder, "a1", registrationFiles.address), address);
  const access = localAccess({ socket: join(folder, "none.sock"), agentKeys: folder, homes: "" });
  pool = new AgentPool({ access, operator: null, keep: true, delay: () => 50 });
});
afterAll(async () => {
  pool.close();
  await link.close();
  await agent.close();
  rmSync(folder, { recursive: true });
});

test("it is found out and said, the attach comes back by itself, and what is typed from then on arrives", async () => {
  const session = agent.add("one", { running: true, state: "running" });
  const [input, output] = [new PassThrough(), new PassThrough()];
  output.resume();
  const lines = Array.from({ length: 1_000 }, (_, n) => `typed ${String(n)}\r`);
  const notices: string[] = [];
  const notice = (text: string) => {
    notices.push(text);
    // An operator reads it, and types at once.
    if (text.includes("is back")) setImmediate(() => lines.forEach((line) => input.write(line)));
  };
  const size = () => ({ cols: 100, rows: 30 });
  const io = { interactive: true, input, output, size, onResize: () => () => {} };
  const header = { id: session.uuid };
  const end = attachSession(pool.link("a1"), { header, io, notice, delay: () => 50 });
  input.write("before ");
  await eventually(() => expect(agent.terminals[0]?.received()).toBe("before "));

  const began = performance.now();
  link.cut();
  input.write("into the void");
  await eventually(() => expect(notices.join("\n")).toMatch(/re-attaching/), 30_000);
  expect(performance.now() - began).toBeGreaterThan(keepalive.intervalMs * keepalive.misses);
  await eventually(() => expect(notices.join("\n")).toMatch(/trying again/), 30_000);
  link.heal();

  await eventually(() => expect(agent.terminals[1]?.received()).toBe(lines.join("")), 30_000);
  expect(agent.terminals[0]?.received()).toBe("before ");
  expect(notices.at(-1)).toBe("the link to agent agent-a is back");
  agent.terminals[1]?.end(attachExit.detached);
  expect(await end).toEqual({ kind: "detached" });
}, 120_000);
