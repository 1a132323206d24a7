/** Terminals over real SSH; the terminal itself echoes what it gets. */
import { Duplex } from "node:stream";
import { FakeEngine } from "../docker/engine.fake.ts";
import type { ContainerSpec, TerminalSpec } from "../docker/engine.ts";
import { eventually } from "../host/eventually.fake.ts";
import { PlainClient, type Attached } from "./client.fake.ts";
import { ScratchAgent } from "./scratch-agent.ts";
import { uuid } from "./scratch-folder.fake.ts";

/** Starts wait for `gate`; a terminal may flood. */
class SlowEngine extends FakeEngine {
  gate: Promise<void> | null = null;
  terminalGate: Promise<void> | null = null;
  starts = 0;
  flood = false;
  flooded = 0;

  override async start(spec: ContainerSpec): Promise<string> {
    this.starts += 1;
    await this.gate;
    return super.start(spec);
  }
  override async openTerminal(spec: TerminalSpec) {
    const terminal = await super.openTerminal(spec);
    await this.terminalGate;
    if (!this.flood) return terminal;
    const block = Buffer.alloc(64 << 10, "x");
    const stream = new Duplex({
      read: () => {
        this.flooded += block.length;
        stream.push(block);
      },
      write: (_chunk, _encoding, done) => done(),
    });
    return { ...terminal, stream };
  }
}

const engine = new SlowEngine();
engine.images.add("convocate:1");
const agent = new ScratchAgent({ engine, image: "convocate:1" });
let client: PlainClient;
let id: string;

beforeAll(async () => {
  await agent.open();
  client = await PlainClient.connect(agent);
});
afterAll(async () => {
  client.close();
  await agent.close();
});
beforeEach(async () => {
  id = String((await client.result("create", { name: "t" }))["uuid"]);
});

const get = () => client.result("get", { id });
/** One question after the other: one that is open when a test ends would be answered to nobody. */
async function untilSession(is: (session: Record<string, unknown>) => boolean): Promise<void> {
  const deadline = Date.now() + 4_000;
  for (;;) {
    const session = await get();
    if (is(session)) return;
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(session)}`);
  }
}
const until = (wanted: string) => untilSession(({ state }) => state === wanted);
const lastTerminal = () => {
  const terminal = engine.terminals.at(-1);
  if (!terminal) throw new Error("no terminal");
  return terminal;
};
async function attach(header: object = {}): Promise<Attached> {
  const terminal = await client.attach({ id, ...header });
  terminal.type("echoed");
  await eventually(() => terminal.text.includes("echoed"));
  return terminal;
}
/** Vanishes, and waits until the agent knows. */
async function leave(other: PlainClient): Promise<void> {
  const gone = () => agent.log.lines.filter(({ message }) => message.startsWith("connection")).length;
  const before = gone();
  other.close();
  await eventually(() => gone() > before);
}
/** What comes back for bytes that are no good header. */
async function refusal(bytes: string | Buffer, { eof = false } = {}) {
  const channel = await client.open("convocate-agent-attach");
  let text = "";
  let exit: number | null = null;
  channel.on("data", (chunk: Buffer) => (text += chunk.toString()));
  channel.on("exit", (code: number) => (exit = code));
  channel.write(bytes);
  if (eof) channel.end();
  await new Promise((resolve) => channel.once("close", resolve));
  const lines = text.split("\n");
  expect(lines).toHaveLength(2);
  return { ...(JSON.parse(lines[0] ?? "") as object), exit };
}

const bad = (why: string) => ({
  ok: false,
  code: "attach_failed",
  error: expect.stringMatching(new RegExp(`^bad attach header: ${why}`)) as string,
  exit: 1,
});
test.each([
  ["{}\n", "missing id$"],
  ['{"id":""}\n', "missing id$"],
  ['{"id":null}\n', "missing id$"],
  ['{"id":7}\n', "missing id$"],
  ["nonsense\n", "not JSON$"],
  ["\n", "not JSON$"],
  ["[]\n", "missing id$|."],
  [`{"id":"${uuid(1)}","cols":"wide"}\n`, "cols: ."],
  [`{"id":"${uuid(1)}","mode":"root"}\n`, "mode: ."],
  [`{"id":"${uuid(1)}","mode":null}\n`, "mode: ."],
  [`{"id":"${uuid(1)}","term":"${"x".repeat(65)}"}\n`, "term: ."],
])("header %j is refused in one line: %s", async (header, why) => {
  expect(await refusal(header)).toEqual(bad(why));
});

test("a header over 4 KiB is refused, ended or not; of 4 KiB it is read", async () => {
  const header = (length: number) => {
    const rest = JSON.stringify({ id: uuid(404), pad: "" });
    return JSON.stringify({ id: uuid(404), pad: "x".repeat(length - rest.length) });
  };
  expect(await refusal(`${header(4097)}\n`)).toEqual(bad("over 4096 bytes$"));
  expect(await refusal("x".repeat(5000))).toEqual(bad("over 4096 bytes$"));
  expect(await refusal(`${header(4096)}\n`)).toMatchObject({ code: "not_found" });
});

test("a client that ends its input inside the header is not waited for", async () => {
  expect(await refusal('{"id":', { eof: true })).toEqual(bad("the client left$"));
});

test.each([uuid(404), "../../etc", "nobody"])("session %s: v2's words", async (wrong) => {
  expect(await refusal(`${JSON.stringify({ id: wrong })}\n`)).toEqual({
    ok: false,
    error: `attach: session "${wrong}" not found`,
    code: "not_found",
    exit: 1,
  });
});

test("without an image the reason is told", async () => {
  engine.images.clear();
  expect(await refusal(`${JSON.stringify({ id })}\n`)).toMatchObject({ code: "no_image", exit: 1 });
  engine.images.add("convocate:1");
});

test("a stopped session is started; bytes with the header are input; sizes have defaults and bounds", async () => {
  const channel = await client.open("convocate-agent-attach");
  let text = "";
  channel.on("data", (chunk: Buffer) => (text += chunk.toString()));
  channel.write(`${JSON.stringify({ id, cols: 65_535, unknown: 1 })}\nearly`);
  await eventually(() => text === "early");
  expect(lastTerminal().argv.slice(-2)).toEqual(["24", "1000"]);
  expect(lastTerminal()).toMatchObject({ user: "1337:1337", env: { TERM: "xterm-256color" } });
  await until("connected");
  channel.close();
});

test("read-only is a read-only tmux client; names of terminals are words or the default", async () => {
  const watching = await attach({ mode: "ro", term: "screen-256color", colorterm: "$(reboot)" });
  expect(lastTerminal().argv.at(-1)).toBe("-r");
  expect(lastTerminal().env).toMatchObject({ TERM: "screen-256color", COLORTERM: "truecolor" });
  watching.channel.close();
});

test("every byte value passes both ways", async () => {
  const terminal = await attach();
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  const back: Buffer[] = [];
  terminal.channel.on("data", (chunk: Buffer) => back.push(chunk));
  terminal.channel.write(bytes);
  await eventually(() => Buffer.concat(back).length >= 256);
  expect(Buffer.concat(back)).toEqual(bytes);
  terminal.channel.close();
});

test("a resize reaches the terminal, clamped", async () => {
  const terminal = await attach();
  terminal.resize(111, 33);
  terminal.resize(65_535, 0);
  const { sizes } = lastTerminal();
  await eventually(() => sizes.length === 2);
  expect(sizes[0]).toEqual({ cols: 111, rows: 33 });
  expect(sizes[1]?.cols).toBe(1_000);
  expect(sizes[1]?.rows).toBeGreaterThan(0);
  terminal.channel.close();
});

describe("while the session is being started", () => {
  let open: () => void;
  beforeEach(() => {
    engine.gate = new Promise((resolve) => (open = resolve));
    engine.starts = 0;
  });
  afterEach(() => {
    open();
    engine.gate = null;
  });

  test("a resize is not lost", async () => {
    const terminal = await client.attach({ id, cols: 80, rows: 24 });
    await eventually(() => engine.starts === 1);
    const before = engine.terminals.length;
    terminal.resize(132, 50);
    await client.result("ping");
    open();
    await eventually(() => engine.terminals.length > before);
    expect(lastTerminal().argv.slice(-2)).toEqual(["50", "132"]);
    terminal.channel.close();
  });

  test("an operator who leaves is not shown as attached for ever", async () => {
    const other = await PlainClient.connect(agent);
    await other.attach({ id });
    await eventually(() => engine.starts === 1);
    const before = engine.terminals.length;
    await leave(other);
    open();
    await until("running");
    await client.result("ping");
    expect(engine.terminals.slice(before).every(({ stream }) => stream.destroyed)).toBe(true);
    expect(await get()).not.toHaveProperty("attached");
  });

  test("a second operator waits for the same start", async () => {
    const both = await Promise.all([client.attach({ id }), client.attach({ id })]);
    await eventually(() => engine.starts === 1);
    await client.result("ping");
    open();
    for (const terminal of both) {
      terminal.type("here");
      await eventually(() => terminal.text.includes("here"));
    }
    expect(engine.starts).toBe(1);
    for (const { channel } of both) channel.close();
  });
});

test("an operator who leaves while the terminal is being opened leaves none behind", async () => {
  await client.result("restart", { id });
  let open = () => {};
  engine.terminalGate = new Promise((resolve) => (open = resolve));
  const before = engine.terminals.length;
  const other = await PlainClient.connect(agent);
  await other.attach({ id });
  await eventually(() => engine.terminals.length > before);
  await leave(other);
  open();
  engine.terminalGate = null;
  await eventually(() => lastTerminal().stream.destroyed);
  expect(await get()).toMatchObject({ state: "running" });
});

test("two operators: connected until the second leaves, however abruptly", async () => {
  const first = await attach();
  const other = await PlainClient.connect(agent);
  const second = await other.attach({ id });
  second.type("me too");
  await eventually(() => second.text.includes("me too"));
  first.channel.close();
  await eventually(() => first.closed);
  expect(await get()).toMatchObject({ state: "connected", attached: true });
  other.close();
  await until("running");
  expect(engine.containers.get(id)?.running).toBe(true);
});

test("who is attached is told by name: a key's own, and behind a shell host's key the one it tells", async () => {
  const own = await client.attach({ id, operator: "mallory" });
  const shell = await PlainClient.connect(agent, agent.fromShell.privateKey);
  const told = await shell.attach({ id, operator: "bob" });
  // A name that could act on a terminal is none, and keeps nobody out.
  const strange = await shell.attach({ id, operator: "\x1b[2J" });
  const all = [own, told, strange];
  for (const terminal of all) terminal.type("x");
  await eventually(() => all.every(({ text }) => text.includes("x")));
  expect(await get()).toMatchObject({ state: "connected", operators: ["alice", "bob"] });
  told.channel.close();
  await untilSession(({ operators }) => JSON.stringify(operators) === '["alice"]');
  own.channel.close();
  await untilSession(({ operators }) => operators === undefined);
  expect(await get()).toMatchObject({ state: "connected" });
  shell.close();
  await until("running");
});

test.each([
  ["the operator detached", 0, () => lastTerminal().stream.push(null)],
  [
    "the session's command ended",
    3,
    () => {
      engine.die(id, 0);
      lastTerminal().stream.push(null);
    },
  ],
  [
    "somebody stopped it",
    4,
    () => void client.result("kill", { id }).then(() => lastTerminal().stream.push(null)),
  ],
])("%s: exit status %p", async (_, status, end) => {
  const terminal = await attach();
  end();
  await eventually(() => terminal.closed);
  expect(terminal.exit).toBe(status);
});

test("opening a session is an access: it moves up the list", async () => {
  await client.result("restart", { id });
  const before = String((await get())["last_accessed"]);
  await client.result("create", { name: "younger" });
  const terminal = await attach();
  await untilSession(({ last_accessed }) => String(last_accessed) > before);
  expect((await client.list())[0]?.["uuid"]).toBe(id);
  terminal.channel.close();
});

test("an operator who stops reading costs a few MiB, not what the session prints", async () => {
  engine.flood = true;
  const channel = await client.open("convocate-agent-attach");
  channel.pause();
  channel.write(`${JSON.stringify({ id })}\n`);
  let [seen, still] = [0, 0];
  await eventually(() => {
    still = engine.flooded > 0 && engine.flooded === seen ? still + 1 : 0;
    seen = engine.flooded;
    return still > 40;
  }, 20_000);
  expect(engine.flooded).toBeLessThan(16 << 20);
  expect((await client.call("ping")).ok).toBe(true);
  channel.resume();
  await eventually(() => engine.flooded > seen + (4 << 20), 20_000);
  channel.close();
  engine.flood = false;
  await until("running");
}, 60_000);
