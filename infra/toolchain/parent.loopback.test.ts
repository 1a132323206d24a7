import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

jest.setTimeout(30_000);

const program = `import { runForEngine } from ${JSON.stringify(join(import.meta.dirname, "parent.ts"))};
  runForEngine((status) => process.exit(status));
  console.log(process.pid);
  if (process.argv[1] === "fail") setTimeout(() => { throw new Error("the disk is full"); }, 10);
  else setInterval(() => undefined, 1000);`;
const argv = ["node", "--no-warnings", "--input-type=module", "-e", program];

test("what a killed engine had started ends", async () => {
  // The shell is the engine here.
  const engine = spawn("sh", ["-c", '"$@" & wait', "sh", ...argv], { stdio: ["ignore", "pipe", "inherit"] });
  const closed = new Promise((resolve) => engine.stdout.on("close", resolve));
  const pid = await new Promise<number>((resolve) =>
    createInterface({ input: engine.stdout }).once("line", (line) => resolve(Number(line))),
  );
  expect(() => process.kill(pid, 0)).not.toThrow();
  engine.kill("SIGKILL");
  // The pipe closes when nobody has it any more; a program that goes on would keep it for ever.
  await closed;
});

test("an error is told in a line, without where it was thrown", async () => {
  const [command = "", ...args] = [...argv, "fail"];
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  expect(await new Promise((resolve) => child.on("close", resolve))).toBe(1);
  expect(said).toBe("the disk is full\n");
});
