import type { CliEvent, HostEvent, StepEvent } from "./events.ts";
import { advance, progressLines, type Progress } from "./progress.ts";
import { lineReporter, tableReporter } from "./reporter.ts";

const step = (
  host: string | null,
  name: string,
  status: StepEvent["status"],
  seconds: number | null = null,
): CliEvent => ({
  type: "step",
  host,
  step: name,
  action: "create",
  status,
  seconds,
});
const end = (host: string, status: HostEvent["status"], steps = 0): CliEvent => ({
  type: "host",
  host,
  status,
  steps,
});
const size = { columns: 79, rows: 22 };
const after = (...events: CliEvent[]) =>
  events.reduce<Progress>((progress, event) => advance(progress, event, 1_000), new Map());

test("a row a host: what is done of how much, what is under way and for how long, how it ended", () => {
  const progress = after(
    step("shell-1", "install", "planned"),
    step("agent-a", "install", "planned"),
    step("agent-a", "init-agent", "planned"),
    step("agent-long-name", "install", "planned"),
    step(null, "log-authority-key", "planned"),
    step("agent-a", "install", "started"),
    step("agent-a", "install", "done", 2),
    step("agent-a", "init-agent", "started"),
    step("agent-a", "image", "started"),
    step("agent-long-name", "install", "started"),
    step("agent-long-name", "install", "failed", 3),
    end("shell-1", "unchanged"),
  );
  expect(progressLines(progress, 13_000, size)).toEqual([
    "shell-1          unchanged",
    "agent-a          1/2  init-agent 12 s, image 12 s",
    "agent-long-name  failed: install",
    "fleet            0/1",
  ]);
});

test("a small terminal shows what failed and what is under way, and counts the rest", () => {
  const names = Array.from({ length: 30 }, (_, i) => `agent-${String(i)}`);
  const progress = after(
    ...names.map((name) => step(name, "install", "planned")),
    step("agent-17", "install", "started"),
    step("agent-23", "install", "failed"),
  );
  const lines = progressLines(progress, 1_000, { columns: 16, rows: 4 });
  expect(lines).toEqual(["agent-23  failed", "agent-17  0/1  i", "agent-0   0/1", "and 27 more"]);
});

test("on a terminal the table is drawn in its place; failures stay above it, on standard error", () => {
  const [out, err]: [string[], string[]] = [[], []];
  const sink = (list: string[]) => ({ write: (text: string) => void list.push(text), columns: 40, rows: 10 });
  const report = tableReporter(sink(out), sink(err), () => 1_000);
  report.emit(step("a", "install", "planned"));
  report.emit(step("b", "install", "planned"));
  report.emit(step("b", "install", "started"));
  report.emit({
    type: "failure",
    host: "b",
    step: "install",
    cause: "no",
    remedy: "Yes.",
    exit: 1,
    log: ["why"],
  });
  report.end();
  expect(out.join("")).toBe(
    "a  0/1\n\x1b[1A\x1b[0Ja  0/1\nb  0/1\n\x1b[2A\x1b[0Ja  0/1\nb  0/1  install 0 s\n\x1b[2A\x1b[0Ja  0/1\nb  0/1  install 0 s\n",
  );
  expect(err.join("")).toBe("b: install: no\n    | why\n  Yes.\n");
});

test("elsewhere every event is a line", () => {
  const lines: string[] = [];
  const sink = { write: (text: string) => void lines.push(text.trimEnd()) };
  const report = lineReporter(sink, sink);
  const events: CliEvent[] = [
    { type: "file", file: "stacks/Pulumi.x.yaml", host: "a", written: true },
    { type: "stage", number: 1, of: 2, hosts: ["a", "b"] },
    step("a", "install", "done", 12.34),
    end("a", "changed", 1),
    end("b", "unfinished", 2),
    { type: "result", stack: "x", dry_run: false, status: "failed", exit: 1, seconds: 20 },
  ];
  events.forEach((event) => report.emit(event));
  expect(lines).toEqual([
    "a: written into stacks/Pulumi.x.yaml",
    "part 1 of 2: a, b",
    "a: install: create, done (12.3 s)",
    "a: changed, 1 step",
    "b: unfinished, 2 steps done: something before it failed",
    "x: failed (20.0 s)",
  ]);
});
