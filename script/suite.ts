/**
 * Runs every check one after the other and sums them up in the last line, `N passed, N failed[, N skipped]`.
 * A tool that checks (lint, format, types) counts as one test. Exits 1 on any failure.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

/** What Jest's JSON report tells of a run; a file that does not even load counts as one failure. */
interface JestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numRuntimeErrorTestSuites: number;
  testResults: { name: string; status: string }[];
}

/** What a run may take, in milliseconds: one that hangs is a failure, and the others are run all the same. */
const patience = 20 * 60_000;

const reports = mkdtempSync(join(tmpdir(), "convocate-suite-"));

function run(title: string, argv: string[]): boolean {
  const start = Date.now();
  console.log(`==> ${title}`);
  const [command = "", ...args] = argv;
  const { status } = spawnSync(command, args, {
    stdio: ["ignore", "inherit", "inherit"],
    timeout: patience,
    killSignal: "SIGKILL",
  });
  console.log(
    `    ${title}: ${status === 0 ? "ok" : "FAILED"} in ${String(Math.round((Date.now() - start) / 1000))} s`,
  );
  return status === 0;
}

function tool(title: string, argv: string[]): Count {
  const ok = run(title, argv);
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 };
}

function jest(project: string, workers: string, ...options: string[]): Count {
  const first = jestRun(project, ["--maxWorkers", workers, ...options]);
  if (first.count.failed === 0 || first.failedFiles.length === 0) return first.count;
  // A machine that stands still for seconds fails a test that waits. What fails alone in a second run too is a failure.
  console.log(`==> ${project}: a second run of ${first.failedFiles.join(" ")}`);
  const second = jestRun(project, ["--maxWorkers", "1", "--runTestsByPath", ...first.failedFiles]);
  if (second.count.failed > 0) return first.count;
  return { ...first.count, passed: first.count.passed + first.count.failed, failed: 0 };
}

function jestRun(project: string, options: string[]): { count: Count; failedFiles: string[] } {
  const file = join(reports, `${project}.json`);
  rmSync(file, { force: true });
  const ok = run(project, ["jest", "--selectProjects", project, "--json", "--outputFile", file, ...options]);
  if (!existsSync(file)) return { count: { passed: 0, failed: 1, skipped: 0 }, failedFiles: [] };
  const report = JSON.parse(readFileSync(file, "utf8")) as JestReport;
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  const count = {
    passed: report.numPassedTests,
    // Jest can fail without a failed test (a crash while tearing down): that is a failure too.
    failed: ok ? failed : Math.max(1, failed),
    skipped: report.numPendingTests + report.numTodoTests,
  };
  const failedFiles = report.testResults.filter(({ status }) => status === "failed").map(({ name }) => name);
  return { count, failedFiles };
}

function total(counts: Count[]): Count {
  const sum = (key: keyof Count) => counts.reduce((before, count) => before + count[key], 0);
  return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
}

/** With a Docker Engine, which is started where none runs, and stopped again if it was. */
function onEngine(tests: () => Count): Count {
  const lab = (verb: string) => run(`lab ${verb}`, ["node", "lab/main.ts", verb]);
  const counts = lab("base") ? tests() : { passed: 0, failed: 1, skipped: 0 };
  if (!lab("release")) counts.failed += 1;
  return counts;
}

/**
 * Beside nothing else: the first replaces what was built by releases of its own, the others share this machine's engine
 * and its network of sessions.
 */
const alone = ["lab/fleet", "agent/agent.lab", "lab/faithful", "image/deliver.lab"];

const counts = [
  tool("lint", ["eslint", "."]),
  tool("format", ["prettier", "--check", "--log-level", "warn", "."]),
  tool("types", ["tsc", "-p", "."]),
  jest("unit", "100%"),
  jest("loopback", "100%"),
  onEngine(() =>
    total([
      jest("lab", "1", "--testPathPatterns", ...alone),
      jest("lab", "2", "--testPathIgnorePatterns", "/node_modules/", ...alone),
    ]),
  ),
];
rmSync(reports, { recursive: true });

const { passed, failed, skipped } = total(counts);
console.log(
  `${String(passed)} passed, ${String(failed)} failed${skipped ? `, ${String(skipped)} skipped` : ""}`,
);
process.exit(failed === 0 ? 0 : 1);
