import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeClock } from "../host/clock.fake.ts";
import { eventually } from "../host/eventually.fake.ts";
import { MemoryLog } from "../host/log.fake.ts";
import { silentLog } from "../host/log.ts";
import { watchAuthorizedKeys } from "../ssh/authorized-keys.ts";
import { createKeyPair } from "../ssh/keypair.fake.ts";
import { listen, type Listener } from "../ssh/listener.ts";
import { Hub } from "./hub.ts";
import { listOthers } from "./listing.ts";
import { ConfigDir } from "./registration.fake.ts";

let folder: string;
let v2: Listener;
let ends: (() => unknown)[];
let hub: Hub;
let clock: FakeClock;
let log: MemoryLog;
/** What the agent answers, and how often it was asked. */
let answer: string;
let asked: string[];
const hostKey = createKeyPair("");
const shellKey = createKeyPair("shell=shell-1");
const session = (uuid: string) => ({ uuid, name: uuid, created_at: "", last_accessed: "" });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "convocate-listing-"));
  const config = new ConfigDir(folder);
  const file = join(folder, "authorized_keys");
  writeFileSync(file, `${shellKey.publicKey}\n`);
  const authorizedKeys = watchAuthorizedKeys(file, silentLog);
  asked = [];
  answer = JSON.stringify({ ok: true, result: [session("one")] });
  v2 = await listen({
    host: "127.0.0.1",
    port: 0,
    hostKey: hostKey.privateKey,
    authorizedKeys,
    admits: () => true,
    subsystems: {
      "convocate-agent-rpc": {
        pty: false,
        open: ({ channel }) => {
          channel.once("data", (line: Buffer) => {
            asked.push(line.toString());
            channel.end(`${answer}\n`);
          });
        },
      },
    },
    log: silentLog,
  });
  config.register("old", "old-host", `ubuntu@127.0.0.1:${String(v2.port)}`);
  const files = { "host_key.pub": hostKey.publicKey, shell_to_agent_ed25519_key: shellKey.privateKey };
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(folder, "agent-keys", "old", name), text);
  clock = new FakeClock();
  log = new MemoryLog();
  hub = new Hub(clock);
  hub.apply({ kind: "registrations", all: [{ agent_id: "old", host: "old-host", address: "x" }] });
  const listing = listOthers({ hub, agentKeys: join(folder, "agent-keys"), clock, log });
  ends = [() => listing.close(), () => hub.close(), () => authorizedKeys.close(), () => v2.close()];
});
afterEach(async () => {
  for (const end of ends) await end();
  rmSync(folder, { recursive: true });
});

const shown = () => {
  const { sessions } = hub.snapshot() as { sessions: { uuid: string }[] };
  return sessions.map(({ uuid }) => uuid);
};
const tell = (type: string, data?: unknown) =>
  hub.apply({ kind: "event", event: { type, agent_id: "old", timestamp: "", data } });

test("an agent of v2 is asked for its sessions soon after it connects, and every 15 s", async () => {
  hub.apply({ kind: "connected", agent_id: "old" });
  tell("agent.started", { version: "2.0.0", image_tag: "" });
  clock.advance(2_000);
  await eventually(() => shown().includes("one"));
  answer = JSON.stringify({ ok: true, result: null });
  clock.advance(14_000);
  expect(shown()).toEqual(["one"]);
  clock.advance(1_000);
  await eventually(() => shown().length === 0);
  expect(asked).toEqual(Array.from({ length: 2 }, () => '{"op":"list","params":null}\n'));
});

test("an agent that tells its sessions itself is not asked, and what was asked before does not overwrite it", async () => {
  hub.apply({ kind: "connected", agent_id: "old" });
  clock.advance(2_000);
  tell("agent.snapshot", { part: 0, last: true, sessions: [session("told")] });
  await eventually(() => asked.length === 1);
  clock.advance(60_000);
  expect(shown()).toEqual(["told"]);
  expect(asked).toHaveLength(1);
});

test.each(["no JSON", '{"ok":false,"error":"x"}', '{"ok":true,"result":[{"uuid":7}]}', ""])(
  "an answer that makes no sense changes nothing and is told: %j",
  async (text) => {
    hub.apply({ kind: "connected", agent_id: "old" });
    clock.advance(2_000);
    await eventually(() => shown().includes("one"));
    answer = text;
    clock.advance(15_000);
    await eventually(() => log.text.includes("could not be read"));
    expect(shown()).toEqual(["one"]);
  },
);
