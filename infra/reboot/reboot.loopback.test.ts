/** A host that is asked over real SSH; what it answers is a file's content, a line for each question. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type Endpoint } from "../ssh/connect.ts";
import { FakeSshd } from "../toolchain/plugins/command/sshd.fake.ts";
import { putProgram } from "../toolchain/program.fake.ts";
import { rebootIfAsked } from "./reboot.ts";

const folder = mkdtempSync(join(tmpdir(), "reboot-"));
const sshd = new FakeSshd();
let host: Endpoint;

beforeAll(async () => {
  // The last line is said for ever; `lost` is a connection that ends without an answer.
  putProgram(
    folder,
    "sudo",
    `cd ${folder}; line=$(head -n 1 answers); [ "$(wc -l <answers)" -le 1 ] || sed -i 1d answers
     [ "$line" != lost ] || exit 1; echo "$line"`,
  );
  sshd.path = `${folder}:/usr/bin:/bin`;
  const port = await sshd.listen();
  host = {
    host: "127.0.0.1",
    port,
    user: "admin",
    hostKey: sshd.hostKey.publicKey,
    privateKey: sshd.userKey.privateKey,
  };
});
afterAll(async () => {
  await sshd.close();
  rmSync(folder, { recursive: true });
});

const reboot = (answers: string[], total = 20_000) => {
  writeFileSync(join(folder, "answers"), answers.map((line) => `${line}\n`).join(""));
  return rebootIfAsked("agent-a", () => connect(host, ""), { total, pause: 10 });
};

test.each(["unasked", "busy"])("a host that says it is %s is asked once and left alone", async (answer) => {
  const before = sshd.commands.length;
  expect(await reboot([answer, "boot 2"])).toEqual({ reboot: answer });
  expect(sshd.commands).toHaveLength(before + 1);
});

test.each([
  ["another kernel", ["one 10", "one 10", "lost", "two 10"]],
  ["a container, which shares its kernel's boot", ["one 10", "lost", "one 10", "one 77"]],
])("a host is back with another boot: %s", async (_, answers) => {
  expect(await reboot(answers)).toEqual({ reboot: "done" });
  expect(readFileSync(join(folder, "answers"), "utf8")).toBe(`${answers.at(-1) ?? ""}\n`);
});

test("one that runs on as before, or does not come back, is named with why and the remedy", async () => {
  await expect(reboot(["one 10"], 600)).rejects.toThrow(
    "agent-a did not come back within 0.01 minutes of its restart (it runs on as before): see its console, then run this again",
  );
  await expect(reboot(["one 10", "lost"], 600)).rejects.toThrow(
    /agent-a did not come back .*\(looking ended/,
  );
});
