import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FleetMessage } from "../../protocol/fleet.ts";
import { realClock } from "../host/clock.ts";
import { eventually } from "../host/eventually.fake.ts";
import { MemoryLog } from "../host/log.fake.ts";
import { keepHostsFile } from "./hosts-file.ts";

const folder = mkdtempSync(join(tmpdir(), "convocate-hosts-"));
const file = join(folder, "hosts.d", "sessions");
afterAll(() => rmSync(folder, { recursive: true }));

const agent = (agent_id: string, address: string): FleetMessage => ({
  type: "agent",
  agent: { agent_id, host: agent_id, address, health: "up", since: "" },
});
const session = (dns_name: string, more: object = {}): FleetMessage => ({
  type: "session",
  session: { agent_id: "a", uuid: "u", name: "s", created_at: "", last_accessed: "", dns_name, ...more },
});
const text = () => readFileSync(file, "utf8");

test("the file is true soon after a change, written only then, and no half of it is ever there", async () => {
  let tell: (changes: readonly FleetMessage[]) => void = () => undefined;
  let contested: unknown = null;
  const log = new MemoryLog();
  const keeping = await keepHostsFile({
    file,
    domain: "fleet.example",
    subscribe: (listener) => {
      tell = listener;
      return () => (tell = () => undefined);
    },
    snapshot: () => ({ type: "snapshot", agents: [], sessions: [] }),
    contested: (names) => (contested = names),
    clock: realClock,
    log,
  });
  tell([agent("a", "10.0.0.1"), session("web")]);
  await eventually(() => readdirSync(join(folder, "hosts.d")).includes("sessions"), 1_000);
  await eventually(() => text() === "10.0.0.1 web.fleet.example # a u\n");
  expect(statSync(file).mode & 0o777).toBe(0o644);
  const { ino } = statSync(file);
  tell([session("web", { attached: true }), agent("a", "10.0.0.1")]);
  tell([session("shop"), session("web")]);
  tell([agent("b", "localhost"), session("db", { agent_id: "b", uuid: "v" })]);
  await eventually(() => text().includes("db"));
  expect(text()).toMatch(
    /^(127\.0\.0\.1|::1) db\.fleet\.example # b v\n10\.0\.0\.1 web\.fleet\.example # a u\n$/,
  );
  expect(statSync(file).ino).not.toBe(ino);
  expect(contested).toEqual([]);
  tell([session("web", { uuid: "w" })]);
  await eventually(() => JSON.stringify(contested) === '[{"name":"web","agent_id":"a","session_id":"u"}]');
  await keeping.close();
  expect(readdirSync(join(folder, "hosts.d"))).toEqual(["sessions"]);
  expect(log.text).toBe("");
});
