import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { attachExit } from "../../protocol/attach.ts";
import type { Session } from "../../protocol/session.ts";
import { localAccess } from "./access.ts";
import { FakeAgent } from "./agent.fake.ts";
import { attachSession } from "./attach.ts";
import { eventually } from "./eventually.fake.ts";
import { AgentPool } from "./pool.ts";
import type { AttachEnd } from "./relay.ts";

let folder: string;
let agent: FakeAgent;
let pool: AgentPool;
let session: Session;
let notices: string[];
let input: PassThrough;
let output: PassThrough;
let shown: Buffer[];
let size: { cols: number; rows: number };
let resized: () => void;

async function start(options: { v2?: boolean } = {}): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), "attach-"));
  agent = new FakeAgent("a1", options);
  await agent.listen();
  await agent.register(folder, "agent-a");
  session = agent.add("one", { running: true, ...(!options.v2 && { state: "running" }) });
  pool = new AgentPool({
    access: localAccess({ socket: join(folder, "none.sock"), agentKeys: folder, homes: "" }),
    operator: null,
    keep: true,
    delay: () => 20,
  });
  notices = [];
  input = new PassThrough();
  output = new PassThrough();
  shown = [];
  output.on("data", (chunk: Buffer) => shown.push(chunk));
  size = { cols: 100, rows: 30 };
}
afterEach(async () => {
  pool.close();
  await agent.close();
  rmSync(folder, { recursive: true });
});

const attach = (id = session.uuid): Promise<AttachEnd> =>
  attachSession(pool.link("a1"), {
    header: { id },
    io: {
      interactive: true,
      input,
      output,
      size: () => size,
      onResize: (listener) => {
        resized = listener;
        return () => {};
      },
    },
    notice: (text) => notices.push(text),
    delay: () => 20,
  });
const screen = () => Buffer.concat(shown).toString();
const terminal = () => {
  const last = agent.terminals.at(-1);
  if (!last) throw new Error("nothing is attached");
  return last;
};

test("bytes go both ways unchanged, the size with them", async () => {
  await start();
  const end = attach();
  await eventually(() => expect(screen()).toBe("attached to one at 100x30\r\n"));
  const bytes = Buffer.from("漢字 \x1b[<0;1;1M \x1b[200~paste\x1b[201~ \x00\xff", "latin1");
  input.write(bytes);
  await eventually(() => expect(Buffer.concat(shown).subarray(27).equals(bytes)).toBe(true));
  size = { cols: 132, rows: 43 };
  resized();
  await eventually(() => expect(terminal().sizes).toEqual([{ cols: 132, rows: 43 }]));
  terminal().end(attachExit.detached);
  expect(await end).toEqual({ kind: "detached" });
});

test("ten megabytes arrive whole both ways, through a reader that is slower than the link", async () => {
  await start();
  const end = attach();
  await eventually(() => expect(agent.terminals).toHaveLength(1));
  const block = Buffer.alloc(1 << 20, "0123456789abcdef");
  const sent = createHash("sha256");
  for (let i = 0; i < 10; i += 1) {
    sent.update(block);
    if (!input.write(block)) await new Promise((resolve) => input.once("drain", resolve));
  }
  const arrived = () => shown.reduce((sum, { length }) => sum + length, 0);
  await eventually(() => expect(arrived()).toBe(27 + 10 * block.length), 20_000);
  expect(createHash("sha256").update(Buffer.concat(shown).subarray(27)).digest("hex")).toBe(
    sent.digest("hex"),
  );
  terminal().end(attachExit.detached);
  await end;
}, 30_000);

test("ends are told apart: session ended, container stopped, refused", async () => {
  await start();
  for (const [status, kind] of [
    [attachExit.sessionEnded, "session-ended"],
    [attachExit.containerStopped, "container-stopped"],
  ] as const) {
    const before = agent.terminals.length;
    const end = attach();
    await eventually(() => expect(agent.terminals).toHaveLength(before + 1));
    terminal().end(status);
    expect(await end).toEqual({ kind });
  }
  expect(await attach("5f5f5f5f-0000-4000-8000-000000000000")).toMatchObject({
    kind: "failed",
    error: { code: "not_found" },
  });
  expect(screen()).not.toContain('"ok"');
});

test("a lost link is said, and re-attached by itself; what is typed once it is back arrives", async () => {
  await start();
  const end = attach();
  await eventually(() => expect(agent.terminals).toHaveLength(1));
  await agent.close();
  await eventually(() => expect(notices[0]).toMatch(/connection was lost; re-attaching, Q for the list/));
  await eventually(() =>
    expect(notices.at(-1)).toMatch(/trying again in 1 s, Q for the list: .*does not answer/),
  );
  await agent.listen();
  await eventually(() => expect(agent.terminals).toHaveLength(2));
  expect(notices.at(-1)).toBe("the link to agent agent-a is back");
  input.write("typed");
  await eventually(() => expect(terminal().received()).toBe("typed"));
  terminal().end(attachExit.detached);
  expect(await end).toEqual({ kind: "detached" });
});

test("an agent that starts anew is not worth a word, and what is typed meanwhile arrives", async () => {
  await start();
  const end = attach();
  await eventually(() => expect(agent.terminals).toHaveLength(1));
  await agent.close();
  await eventually(() => expect(input.listenerCount("data")).toBe(0));
  input.write("quietly ");
  await new Promise((resolve) => setTimeout(resolve, 300));
  input.write("typed");
  await agent.listen();
  await eventually(() => expect(agent.terminals).toHaveLength(2));
  await eventually(() => expect(terminal().received()).toBe("quietly typed"));
  expect(notices).toEqual([]);
  terminal().end(attachExit.detached);
  expect(await end).toEqual({ kind: "detached" });
});

test("what was typed before it was said that the link is lost does not give up", async () => {
  await start();
  const end = attach();
  await eventually(() => expect(agent.terminals).toHaveLength(1));
  await agent.close();
  input.write("q");
  await eventually(() => expect(notices.length).toBeGreaterThan(2));
  await agent.listen();
  await eventually(() => expect(agent.terminals).toHaveLength(2));
  terminal().end(attachExit.detached);
  expect(await end).toEqual({ kind: "detached" });
});

test("Q gives up waiting for a lost link", async () => {
  await start();
  const end = attach();
  await eventually(() => expect(agent.terminals).toHaveLength(1));
  await agent.close();
  await eventually(() => expect(notices.length).toBeGreaterThan(1));
  input.write("q");
  expect(await end).toEqual({ kind: "given-up" });
});

test("a session that ended while the link was down is not started again", async () => {
  await start();
  const end = attach();
  await eventually(() => expect(agent.terminals).toHaveLength(1));
  agent.sessions.set(session.uuid, { ...session, running: false, state: "stopped" });
  agent.cut();
  expect(await end).toEqual({ kind: "container-stopped" });
  expect(agent.terminals).toHaveLength(1);
});

test("an agent that cannot be reached at all fails the attach with the reason", async () => {
  await start();
  await agent.close();
  expect(await attach()).toMatchObject({ kind: "failed", error: { code: "unreachable" } });
});

test("Q gives up a dial that nobody answers", async () => {
  await start();
  const silent = createServer((socket) => socket.on("error", () => {}).resume());
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const address = silent.address();
  const port = typeof address === "object" && address ? address.port : 0;
  writeFileSync(join(folder, "a1/agent-host"), `127.0.0.1:${String(port)}`);
  try {
    const end = attach();
    const typing = setInterval(() => input.write("q"), 50);
    expect(await end).toEqual({ kind: "given-up" });
    clearInterval(typing);
  } finally {
    pool.close();
    // Ends only when the dial was given up too.
    await new Promise((resolve) => silent.close(resolve));
  }
});

test("a stopped session of a v2 agent is started first; its bare end is a detach", async () => {
  await start({ v2: true });
  agent.sessions.set(session.uuid, { ...session, running: false });
  const end = attach();
  await eventually(() => expect(agent.terminals).toHaveLength(1));
  expect(agent.calls.map((call) => call.op)).toEqual(["capabilities", "get", "restart"]);
  input.write("x");
  await eventually(() => expect(terminal().received()).toBe("x"));
  terminal().end(attachExit.detached);
  expect(await end).toEqual({ kind: "detached" });
});
