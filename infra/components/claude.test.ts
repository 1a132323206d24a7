import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Fleet } from "../config/fleet.ts";
import { registered, type Registered } from "./engine.fake.ts";
import { artifacts, asAgent, fakeHost, operators } from "./fleet.fake.ts";
import { declareFleet } from "./fleet.ts";

const folder = mkdtempSync(join(tmpdir(), "claude-component-"));
afterAll(() => rmSync(folder, { recursive: true }));

const declare = (claude: Fleet["claude"]) =>
  registered(() =>
    declareFleet(
      {
        domain: "fleet.example",
        command: "claude",
        operators,
        claude,
        image: "slim",
        keyEpoch: 1,
        transcript: false,
        logAuthorityEpoch: 1,
        loginAliases: [],
        dnsClients: [],
        publishFrom: [],
        shell: fakeHost("shell-1", ["shell"]),
        agents: ["agent-a", "agent-b"].map((name) => asAgent(fakeHost(name, ["agent"]))),
      },
      artifacts,
    ),
  );
const find = (all: Registered[], name: string) => all.filter((resource) => resource.name === name);
const stdin = (all: Registered[], name: string): unknown =>
  JSON.parse(z.string().parse(find(all, name)[0]?.inputs["stdin"]));
const agentConfig = (all: Registered[]) =>
  /^config='(.*)'$/m.exec(String(find(all, "agent-a-init-agent")[0]?.inputs["stdin"]))?.[1] ?? "";

test("a version is fetched once for all agents, which wait for it; each gets it with the token, a secret", async () => {
  const all = await declare({ cli: { version: "2.1.330" }, token: "sk-1" });
  expect(find(all, "claude")).toHaveLength(1);
  expect(find(all, "claude")[0]?.inputs).toMatchObject({
    dir: "/checkout",
    create: "exec node infra/claude/main.ts fetch",
    stdin: '{"version":"2.1.330"}',
  });
  for (const name of ["agent-a", "agent-b"]) {
    const [delivery] = find(all, `${name}-claude`);
    expect(delivery?.dependencies).toEqual(expect.arrayContaining([`${name}-reboot`, "claude"]));
    expect(delivery?.secrets).toContain("stdin");
    expect(stdin(all, `${name}-claude`)).toMatchObject({
      host: `${name}.test`,
      hostKey: `ssh-ed25519 AAAA${name}`,
      source: { version: "2.1.330" },
      token: "sk-1",
    });
  }
  expect(JSON.parse(agentConfig(all))).toEqual({ command: "claude", claude_folder: "/opt/claude" });
  expect(find(all, "agent-a-init-agent")[0]?.dependencies).toContain("agent-a-claude");
  const holders = all.filter(({ inputs }) => JSON.stringify(inputs).includes("sk-1"));
  expect(holders.map(({ name }) => name)).toEqual(["agent-a-claude", "agent-b-claude"]);
});

test("a file is delivered by its content: another one is a change, another time is none", async () => {
  const path = join(folder, "claude");
  const source = async (content: string) => {
    writeFileSync(path, content);
    const all = await declare({ cli: { path }, token: null });
    expect(find(all, "claude")).toEqual([]);
    return stdin(all, "agent-a-claude");
  };
  const sha256 = createHash("sha256").update("one").digest("hex");
  const first = await source("one");
  expect(first).toMatchObject({ source: { path, sha256 }, token: null });
  expect(await source("one")).toEqual(first);
  expect(await source("two")).not.toEqual(first);
});

test("a file that is not there is told without a stack trace, with the remedy", async () => {
  const failing = declare({ cli: { path: join(folder, "none") }, token: null });
  await expect(failing).rejects.toThrow(
    /^convocate:claude.path: got .*none: .*ENOENT.*: name the program's file/,
  );
});

test("without Claude an agent mounts no folder, and a token that is there is taken away", async () => {
  const all = await declare(null);
  expect(JSON.parse(agentConfig(all))).toEqual({ command: "claude" });
  expect(stdin(all, "agent-a-claude")).toMatchObject({ source: null, token: null });
});
