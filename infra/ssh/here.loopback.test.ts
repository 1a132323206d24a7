import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { putProgram } from "../toolchain/program.fake.ts";
import { ScriptFailed } from "./connect.ts";
import { runHere } from "./here.ts";
import { withHost } from "./with-host.ts";

const folder = mkdtempSync(join(tmpdir(), "here-"));
const sudo = join(folder, "sudo");
const title = "a trial";

beforeAll(() => putProgram(folder, "sudo", '[ "$1" = -n ] && shift && exec "$@"'));
afterAll(() => rmSync(folder, { recursive: true }));

test("a script runs by way of sudo, whatever it contains, and is fed", async () => {
  expect(await runHere({ title, script: `printf '%s|' "it's" "$0" 'two  words'` }, sudo)).toBe(
    "it's|bash|two  words|",
  );
  const bytes = randomBytes(3_000_000);
  const feed = (input: Writable) => pipeline(Readable.from([bytes]), input);
  const sum = await runHere({ title, script: "sha256sum", feed }, sudo);
  expect(sum).toBe(`${createHash("sha256").update(bytes).digest("hex")}  -`);
});

test("a script that fails tells its status and what it said last, also before it has read everything", async () => {
  const failed = runHere({ title, script: "echo 'no space left' >&2; exit 3" }, sudo);
  await expect(failed).rejects.toThrow("a trial ended with status 3: no space left");
  await expect(failed).rejects.toMatchObject({ status: 3 });
  const feed = (input: Writable) => pipeline(Readable.from([randomBytes(10_000_000)]), input);
  await expect(runHere({ title, script: "echo full >&2; exit 4", feed }, sudo)).rejects.toThrow(ScriptFailed);
});

test("errors name the host, and nothing is tried again", async () => {
  let tries = 0;
  const failed = withHost({ host: "box", here: true }, "", (run) => {
    tries += 1;
    return Promise.reject(new Error(`it is ${typeof run}`));
  });
  await expect(failed).rejects.toThrow("box: it is function");
  expect(tries).toBe(1);
});
