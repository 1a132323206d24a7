/** A little of each campaign that needs no engine. The whole: `npm run campaign -- NAME`. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

jest.setTimeout(60_000);

test.each([
  ["fuzz", "--lines", "150"],
  ["flood", "--connections", "100"],
  ["soak", "--requests", "200"],
  ["audit"],
  ["storm", "--agents", "40", "--sessions", "10", "--rounds", "1"],
])("%s, a little of it, finds nothing", (...words) => {
  const argv = [join(__dirname, "main.ts"), ...words, "--seed", "7"];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8", timeout: 50_000 });
  expect({ status, stderr: stderr.slice(0, 4_000) }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toContain("0 findings");
});
