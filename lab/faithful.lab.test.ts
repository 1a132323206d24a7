/** What an operator types and sees, through our client, a real agent and a real session: nothing lost, nothing changed. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { ScratchAgent } from "../daemons/agent/scratch-agent.ts";
import { connectEngine } from "../daemons/docker/dockerode.ts";
import { buildImage } from "../infra/image/build.ts";
import { registrationFiles } from "../protocol/config.ts";
import { localAccess } from "../tui/client/access.ts";
import { attachSession } from "../tui/client/attach.ts";
import { eventually } from "../tui/client/eventually.fake.ts";
import { AgentPool } from "../tui/client/pool.ts";
import type { AttachEnd } from "../tui/client/relay.ts";
import { ensureBase } from "./base.ts";

jest.setTimeout(300_000);

const folder = mkdtempSync(join(tmpdir(), "convocate-faithful-"));
const docker = (...args: string[]) => execFileSync("docker", args, { encoding: "utf8" }).trim();
let agent: ScratchAgent;
let pool: AgentPool;
let id: string;
let input: PassThrough;
let output: PassThrough;
/** What has been printed since the attach or the last `forget`. */
let shown: Buffer[];
let ended: Promise<AttachEnd>;

beforeAll(async () => {
  const image = await buildImage(await ensureBase(() => undefined), () => undefined, "slim");
  const engine = await connectEngine("/var/run/docker.sock");
  agent = new ScratchAgent({ engine, image: image.reference, command: "bash --norc", id: "faithful" });
  await agent.open();
  const registered: Record<string, string> = {
    [registrationFiles.address]: `127.0.0.1:${String(agent.port)}`,
    [registrationFiles.name]: "agent-a",
    [registrationFiles.hostKey]: agent.hostKey.publicKey,
    [registrationFiles.toAgentKey]: agent.operator.privateKey,
  };
  mkdirSync(join(folder, agent.id));
  for (const [name, text] of Object.entries(registered))
    writeFileSync(join(folder, agent.id, name), text, { mode: 0o600 });
  const access = localAccess({ socket: join(folder, "none.sock"), agentKeys: folder, homes: "" });
  pool = new AgentPool({ access, operator: null, keep: true });
  const { rpc } = await pool.link(agent.id).established();
  id = (await rpc.call("create", { name: "faithful" })).uuid;
});
afterAll(async () => {
  pool.close();
  await agent.close();
  const left = docker("ps", "-aq", "--filter", `label=convocate.agent=${agent.id}`);
  if (left) docker("rm", "-f", ...left.split("\n"));
  // Somebody else's sessions may be on it.
  if (docker("network", "inspect", "-f", "{{len .Containers}}", "convocate") === "0")
    docker("network", "rm", "convocate");
  rmSync(folder, { recursive: true });
});

beforeEach(async () => {
  input = new PassThrough();
  output = new PassThrough();
  shown = [];
  output.on("data", (chunk: Buffer) => shown.push(chunk));
  const size = () => ({ cols: 120, rows: 40 });
  const io = { interactive: true, input, output, size, onResize: () => () => {} };
  ended = attachSession(pool.link(agent.id), {
    header: { id, term: "xterm-256color" },
    io,
    notice: (text) => {
      throw new Error(`the link was lost: ${text}`);
    },
  });
  await prints("$ ");
});
afterEach(async () => {
  input.write("\x02D");
  expect(await ended).toEqual({ kind: "detached" });
});

const printed = () => Buffer.concat(shown).toString();
const prints = (text: string) =>
  eventually(() => {
    if (!printed().includes(text)) throw new Error(`${text} was not printed:\n${printed().slice(-2_000)}`);
  }, 60_000);
const inHome = (name: string) => join(agent.homes, id, name);
const made = (name: string) =>
  eventually(() => {
    if (!existsSync(inHome(name))) throw new Error(`${name} was not made:\n${printed().slice(-2_000)}`);
  }, 120_000);
const sha256 = (bytes: Buffer | string) => createHash("sha256").update(bytes).digest("hex");

test("10 MiB of printable UTF-8, typed to a program that reads raw, arrive with an equal hash", async () => {
  const alphabet = "abcXYZ 019~!äßñЖ漢字あ€😀";
  const text = Buffer.from(alphabet.repeat(Math.ceil((10 * 2 ** 20) / Buffer.byteLength(alphabet))));
  const count = String(text.length);
  input.write(
    `stty raw -echo; echo READY_$((40+2)); head -c ${count} | sha256sum > hash; stty sane; touch hashed\r`,
  );
  await prints("READY_42");
  for (let at = 0; at < text.length; at += 65_536)
    if (!input.write(text.subarray(at, at + 65_536)))
      await new Promise((resolve) => input.once("drain", resolve));
  await made("hashed");
  expect(readFileSync(inHome("hash"), "utf8").split(" ")[0]).toBe(sha256(text));
});

test("100,000 numbered lines come out, each of them, to a terminal that every screenful waits for", async () => {
  const [lines, page] = [100_000, 35];
  input.write(
    `clear; stty -echo; for ((i = 1; i <= ${String(lines)}; i++)); do echo "line $i."; ((i % ${String(page)})) || read -r; done; stty echo; echo READY_$((50+2))\r`,
  );
  const seen = new Set<string>();
  const gather = () => {
    const text = printed();
    for (const [, number] of text.matchAll(/line (\d+)\./g)) if (number) seen.add(number);
    // A line that has come in part.
    shown = [Buffer.from(text.slice(text.lastIndexOf("line ")))];
  };
  for (let last = page; last <= lines; last += page) {
    while (!printed().includes(`line ${String(last)}.`)) await once(output, "data");
    gather();
    input.write("\r");
  }
  await prints("READY_52");
  gather();
  expect(seen.size).toBe(lines);
});

test("100,000 numbered lines at once: tmux leaves out what a terminal cannot show, keeps them, and ends on the last", async () => {
  input.write("clear; seq -f 'line %.0f.' 1 100000; echo READY_$((60+2))\r");
  await prints("READY_62");
  expect(printed()).toContain("line 100000.");
  const container = `convocate-session-${id}`;
  const kept = docker(
    "exec",
    "-u",
    "1337",
    container,
    "tmux",
    "capture-pane",
    "-p",
    "-S",
    "-",
    "-t",
    "convocate",
  );
  const numbers = [...kept.matchAll(/^line (\d+)\.$/gm)].map(([, number]) => Number(number));
  const first = numbers[0] ?? 0;
  // The session's history is 50,000 lines.
  expect(numbers.length).toBeGreaterThan(49_000);
  expect(numbers).toEqual(numbers.map((_, n) => first + n));
  expect(numbers.at(-1)).toBe(100_000);
});

test("what a program asks of the terminal gets there, and what the terminal then sends gets to the program", async () => {
  shown = [];
  const asked = "\\e[?1000h\\e[?1006h\\e[?2004h\\e]52;c;aGVsbG8=\\a\\e[38;2;1;2;3mtrue\\e[0m";
  const sent = "\x1b[<0;7;5M\x1b[<0;7;5m\x1b[200~pasted\n漢字\x1b[201~";
  const count = String(Buffer.byteLength(sent));
  input.write(
    `stty raw -echo; printf '${asked}'; echo READY_$((70+2)); head -c ${count} > got; stty sane; printf '\\e[?1000l\\e[?1006l\\e[?2004l'; touch gotten\r`,
  );
  await prints("READY_72");
  // Mouse, pastes marked, the clipboard, colours of 24 bits.
  for (const sequence of ["\x1b[?1000h", "\x1b[?1006h", "\x1b[?2004h", ";aGVsbG8=", "38;2;1;2;3m"])
    await prints(sequence);
  input.write(sent);
  await made("gotten");
  expect(readFileSync(inHome("got"), "utf8")).toBe(sent);
});
