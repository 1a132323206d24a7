import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Orphan } from "../../protocol/orphan.ts";
import { localAccess } from "../client/access.ts";
import { AgentPool } from "../client/pool.ts";
import { FakeShellHost } from "../fleet.fake.ts";
import { adopt } from "./adopt.ts";
import { holding } from "./hold.ts";

jest.setTimeout(60_000);
let host: FakeShellHost;
let pool: AgentPool;
let orphan: Orphan;

beforeEach(async () => {
  host = new FakeShellHost();
  await host.fleet.listen();
  const access = localAccess({ socket: host.fleet.path, agentKeys: host.agentKeys, homes: host.homes });
  pool = new AgentPool({ access, operator: null, keep: false });
  orphan = host.layOrphan("lost");
});
afterEach(async () => {
  pool.close();
  await host.close();
});

const adopting = (agentId: string) =>
  adopt({ folder: host.homes }, pool.link(agentId), {
    orphan,
    agentId,
    addressing: { name: "lost", port: 0, protocol: "tcp", dns_name: "" },
    keepSource: false,
    say: () => undefined,
  });
const lies = () => existsSync(join(host.homes, orphan.uuid, "notes"));

test("the agent's last word is lost: asked again it tells the sum, and only then the directory is let go", async () => {
  const agent = await host.addAgent("a1", "agent-a");
  agent.lastWord = "lost";
  expect((await adopting("a1")).session).toMatchObject({
    uuid: orphan.uuid,
    imported_sha256: expect.any(String) as string,
  });
  expect(readdirSync(host.homes)).toEqual([]);
});

test("the agent's last word is lost, and what it has is not this home: the directory stays", async () => {
  const agent = await host.addAgent("a1", "agent-a");
  agent.lastWord = "lost";
  // Somebody started it in this very moment.
  const put = agent.put.bind(agent);
  agent.put = (session) => put({ ...session, imported_sha256: undefined });
  await expect(adopting("a1")).rejects.toMatchObject({ code: "unreachable" });
  expect(lies()).toBe(true);
  expect(readdirSync(host.homes)).toEqual([orphan.uuid]);
});

test("an earlier run got as far as the agent, and the list did not know it yet: the same home is let go, another is not", async () => {
  const agent = await host.addAgent("a1", "agent-a");
  agent.lastWord = "lost";
  agent.put = (
    (put) => (session) =>
      put.call(agent, { ...session, imported_sha256: undefined })
  )(agent.put);
  await expect(adopting("a1")).rejects.toMatchObject({ code: "unreachable" });
  const [came] = agent.sessions.values();
  await expect(adopting("a1")).rejects.toMatchObject({ code: "uuid_taken" });
  expect(lies()).toBe(true);
  const sum = createHash("sha256")
    .update(agent.imported.get(orphan.uuid) ?? "")
    .digest("hex");
  if (came) agent.sessions.set(came.uuid, { ...came, imported_sha256: sum });
  expect((await adopting("a1")).session.uuid).toBe(orphan.uuid);
  expect(readdirSync(host.homes)).toEqual([]);
});

test("an agent of v2 cannot, and says so before anything is sent", async () => {
  await host.addAgent("a1", "agent-a", { v2: true });
  await expect(adopting("a1")).rejects.toMatchObject({ code: "unknown_op" });
  expect(lies()).toBe(true);
});

test("an agent that cannot be reached: the directory stays, and nobody holds it", async () => {
  const agent = await host.addAgent("a1", "agent-a");
  await agent.close();
  await expect(adopting("a1")).rejects.toMatchObject({ code: "unreachable" });
  expect(readdirSync(host.homes)).toEqual([orphan.uuid]);
});

const lockFile = () => join(host.homes, `${orphan.uuid}.lock`);
const held = (work: () => Promise<string> = () => Promise.resolve("done")) =>
  holding(host.homes, orphan.uuid, work);

test("a lock whose process is gone is nobody's; one of v2's form, or of a process that lives, is respected", async () => {
  mkdirSync(host.homes, { recursive: true });
  writeFileSync(lockFile(), "999999 1\n");
  expect(await held()).toBe("done");
  expect(existsSync(lockFile())).toBe(false);
  // The same pid, begun at another time: another process.
  writeFileSync(lockFile(), `${String(process.pid)} 1\n`);
  expect(await held()).toBe("done");
  writeFileSync(lockFile(), "999999\n");
  await expect(held()).rejects.toMatchObject({ code: "locked" });
});

test("two at once: the second is refused, and the lock goes with the first, also when it fails", async () => {
  await held(async () => {
    await expect(held()).rejects.toMatchObject({ code: "locked" });
    return "";
  });
  await expect(held(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(existsSync(lockFile())).toBe(false);
});
