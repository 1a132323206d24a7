/** Taking over a host by the command: real SSH and the real engine, with a small program instead of ours; what the host says of itself is given. */
import { readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { putProgram } from "../toolchain/program.fake.ts";
import { fingerprintOf } from "./host-key.ts";
import { ScratchFleet } from "./scratch-fleet.fake.ts";
import { ed25519 } from "./scratch-stack.fake.ts";

jest.setTimeout(300_000);

const fleet = new ScratchFleet(
  process.env["CONVOCATE_DATA"] ?? join(homedir(), ".local/share/convocate"),
  process.env["PATH"] ?? "",
);
const text = () => readFileSync(fleet.stackFile, "utf8");
const key = (name: string) => join(fleet.folder, `key-${name}`);

/** What survey.sh would print. `later`: what it prints from its second run on. */
function says(host: string, facts: Record<string, string>, later = facts): void {
  const json = (all: Record<string, string>) =>
    JSON.stringify(
      Object.fromEntries(
        Object.entries(all).map(([name, value]) => [name, Buffer.from(value).toString("base64")]),
      ),
    );
  writeFileSync(join(fleet.folder, `${host}.facts`), `${json(facts)}\n${json(later)}\n`);
}

const vanilla = {
  ...{
    platform: "debian 12 amd64",
    system: "Debian 12",
    users: "convocate:x:1337:1337::/home/convocate:/bin/bash",
  },
  ...{ release: "", agent_program: "", agent_id: "", agent_key: "", shell_host: "", shell_program: "" },
  ...{
    status_unit: "",
    status_key: "",
    agents: "",
    logins: "",
    sessions: "",
    containers: "",
    begun: "",
    remnants: "",
  },
};
const runs =
  "c0ffeec0ffee /convocate-session-1b0b0b0b-1111-4222-8333-444444444444 running convocate:v2 2026-01-01";
const old = {
  ...vanilla,
  agent_program: "program\nconvocate-agent version v2.3.0",
  agent_id: "v2agent23456",
  agent_key: ed25519(7),
  sessions: "1b0b0b0b-1111-4222-8333-444444444444",
  containers: runs,
  remnants: "/etc/cron.daily/convocate-image-prune",
};
const ours = { ...vanilla, release: "f".repeat(64), agent_id: "v2agent23456", containers: runs };

beforeAll(async () => {
  await fleet.open(["shell-1", "agent-a"]);
  for (const [name, { sshd }] of fleet.hosts) {
    const folder = join(fleet.folder, `bin-${name}`);
    putProgram(
      folder,
      "sudo",
      `cd ${fleet.folder}
       case "$*" in
         *"-s prepare"*) cat >/dev/null; echo "${name} prepare" >>step.sh.ran ;;
         *"-s clean"*) cat >/dev/null; echo "${name} clean" >>step.sh.ran ;;
         *) head -n 1 ${name}.facts; [ "$(wc -l <${name}.facts)" -le 1 ] || sed -i 1d ${name}.facts ;;
       esac`,
    );
    sshd.path = `${folder}:/usr/bin:/bin`;
  }
  fleet.configure("v1", [fleet.entry("shell-1").replace(" }", `, privateKeyFile: ${key("shell-1")} }`)]);
  expect((await fleet.run(["update", "--all"])).exit).toBe(0);
  fleet.ran();
});
afterAll(() => fleet.close());

async function adopt(words: string[] = [], answer?: string) {
  const { address = "", port = 0, sshd } = fleet.hosts.get("agent-a") ?? {};
  const print = fingerprintOf(sshd?.hostKey.publicKey ?? "");
  const given = [
    "--address",
    address,
    "--port",
    String(port),
    "--identity",
    key("agent-a"),
    "--fingerprint",
    print,
  ];
  const context = fleet.context();
  if (answer !== undefined) context.type(answer);
  return fleet.run(["adopt", "agent-a", ...given, ...words], context);
}

test.each<[string, Record<string, string>, RegExp]>([
  ["without v2", vanilla, /no convocate v2 on it: A machine that is new/],
  ["of v1", { ...old, agent_program: "program\nconvocate-agent version v1.2.0" }, /only 2\.x is taken over/],
])("a host %s is refused with the remedy, and nothing is written", async (_, facts, said) => {
  says("agent-a", facts);
  const before = text();
  await expect(adopt(["--yes"])).rejects.toMatchObject({
    exit: "refused",
    message: expect.stringMatching(said) as string,
  });
  expect(text()).toBe(before);
  expect(fleet.ran()).toEqual([]);
});

test("another host key than the expected one is refused before anything is asked of the host", async () => {
  const asked = fleet.hosts.get("agent-a")?.sshd.commands.length;
  const wrong = fingerprintOf(ed25519(9));
  await expect(adopt(["--fingerprint", wrong, "--yes"])).rejects.toMatchObject({ exit: "refused" });
  expect(fleet.hosts.get("agent-a")?.sshd.commands).toHaveLength(asked ?? 0);
});

test.each([
  ["without a word", [], undefined],
  ["with --dry-run, whatever else", ["--dry-run", "--yes"], undefined],
  ["when the answer is not yes", [], "no"],
])("%s it only shows what it would do", async (_, words, answer) => {
  says("agent-a", old);
  const before = text();
  const { exit, context } = await adopt(words, answer);
  expect(exit).toBe(0);
  expect(context.out).toContain("agent id v2agent23456");
  expect(context.out).toContain("goes, once ours works:\n    /etc/cron.daily/convocate-image-prune\n");
  expect(text()).toBe(before);
  expect(fleet.ran()).toEqual([]);
});

test("when ours do not come up, what v2 left stays", async () => {
  says("agent-a", old);
  fleet.fail("agent-a-init-agent", "it does not answer\n");
  const { exit, context } = await adopt(["--yes"]);
  expect(context.err).toContain("agent-a: init-agent: Process exited with status 1: it does not answer");
  expect(exit).toBe(1);
  expect(fleet.ran()).toEqual(["agent-a prepare", "agent-a-install apply", "agent-a-init-agent apply"]);
  fleet.fail("agent-a-init-agent", null);
});

test("at a terminal yes does it: prepared, made ours by the program, looked at again, then cleaned on both hosts", async () => {
  says("agent-a", { ...old, agent_program: "", begun: "v2.tar" }, ours);
  const { exit, context } = await adopt([], "yes");
  expect(context.err).toContain("Do it? Type yes: ");
  expect(exit).toBe(0);
  expect(fleet.ran()).toEqual([
    "agent-a prepare",
    ...["agent-a-init-agent apply", "agent-a-registration apply"],
    ...["agent-a clean", "shell-1 clean"],
  ]);
  expect(text()).toMatch(/^# our fleet$/m);
  expect(text()).toContain(`agentId: v2agent23456, agentHostKey: "${ed25519(7)}" }`);
  expect(context.out).toContain("agent-a is taken over");
});

test("a session that does not run on is told, and what v2 left stays", async () => {
  says("agent-a", { ...old, begun: "v2.tar" }, { ...ours, containers: "" });
  await expect(adopt(["--yes"])).rejects.toMatchObject({
    message: expect.stringContaining(
      "1 of the containers that ran do not run any more: c0ffeec0ffee",
    ) as string,
  });
  expect(fleet.ran()).toEqual(["agent-a prepare"]);
});

test("a second time nothing is left to do; with --json each line is an object", async () => {
  says("agent-a", ours);
  const { exit, context } = await adopt(["--yes", "--json"]);
  expect(exit).toBe(0);
  expect(
    context.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([{ type: "plan", host: "agent-a", stack: "test", kind: "nothing" }]);
  expect(fleet.ran()).toEqual([]);
});
