import { existsSync, readFileSync } from "node:fs";
import { exitStatus } from "../../protocol/errors.ts";
import { restartRemedy } from "../config/restart.ts";
import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";
import { openEngine, type Engine } from "./engine.ts";
import type { FailureEvent, HostEvent } from "./events.ts";
import { exitOf } from "./failure.ts";
import { changedHosts, newHosts, only, rollout, stepsOf, type Plan, type Stage } from "./plan.ts";
import { preview, previewOnly } from "./preview.ts";
import type { Reporter } from "./reporter.ts";
import { Placement } from "./resources.ts";
import type { StackFile } from "./stack-file.ts";
import { UpdateReader } from "./update-reader.ts";

/** What is to be brought up to date. */
export interface Job {
  file: StackFile;
  /** Name of the shell host. */
  shell: string;
  /** Null: all. */
  hosts: readonly string[] | null;
  /** The host that is this machine; null: none. */
  here: string | null;
  dryRun: boolean;
}

function stagesOf(plan: Plan, { file, hosts, shell }: Job): Stage[] {
  if (hosts === null) return rollout(plan, shell, file.hosts);
  if (newHosts(plan).has(shell) && !hosts.includes(shell)) {
    throw new CliError(
      "refused",
      `the shell host ${shell} is not set up yet: agents are registered there`,
      `Run \`convocate-host update --host ${shell}\` first, or \`update --all\` for everything.`,
    );
  }
  return [only(plan, hosts)];
}

/** What is done in these parts. */
function stepsIn(plan: Plan, stages: readonly Stage[]): Plan {
  const everything = stages.some(({ urns }) => urns === null);
  const urns = new Set(stages.flatMap((stage) => stage.urns ?? []));
  return stepsOf(plan).filter(({ urn }) => everything || urns.has(urn));
}

/** Part by part, until one has a failure. */
async function runStages(
  engine: Engine,
  stages: readonly Stage[],
  reader: UpdateReader,
  report: Reporter,
): Promise<void> {
  for (const [index, { hosts, urns }] of stages.entries()) {
    if (stages.length > 1) report.emit({ type: "stage", number: index + 1, of: stages.length, hosts });
    await engine.up({ ...(urns && { target: urns }), onEvent: (event) => reader.read(event) });
    if (reader.failures().length > 0 || engine.ended()) break;
  }
}

interface Outcome {
  todo: Plan;
  done: ReadonlyMap<string | null, number>;
  failures: readonly FailureEvent[];
  dryRun: boolean;
}

function hostEvent(host: string, { todo, done, failures, dryRun }: Outcome): HostEvent {
  const steps = todo.filter((step) => step.host === host).length;
  const finished = done.get(host) ?? 0;
  const event = (status: HostEvent["status"], count: number): HostEvent => ({
    type: "host",
    host,
    status,
    steps: count,
  });
  if (failures.some((failure) => failure.host === host)) return event("failed", finished);
  if (steps === 0) return event("unchanged", 0);
  if (dryRun) return event("planned", steps);
  return event(finished < steps ? "unfinished" : "changed", finished);
}

/** Brings hosts to what the stack file says, and tells how it goes. Returns the exit status. */
export async function provision(context: Context, job: Job, report: Reporter): Promise<number> {
  const { file, dryRun } = job;
  const start = context.now();
  const before = existsSync(file.path) ? readFileSync(file.path, "utf8") : null;
  if (!dryRun && file.isChanged) file.write();
  const engine = await openEngine(context, file.stack);
  const placement = new Placement(file.hosts);
  const reader = dryRun
    ? await previewOnly(engine, placement, file, before)
    : await preview(engine, placement);
  const faults = reader.messages.rest(new Set());
  const stages = faults.length > 0 ? [] : stagesOf(reader.plan, job);
  const todo = stepsIn(reader.plan, stages);
  for (const { host, step, action } of todo)
    if (action) report.emit({ type: "step", host, step, action, status: "planned", seconds: null });
  const update = new UpdateReader(placement, (event) => report.emit(event), context.now);
  if (!dryRun && todo.length > 0 && !engine.ended()) await runStages(engine, stages, update, report);
  const failures = [...faults, ...update.failures()];
  failures.forEach((failure) => report.emit(failure));
  const outcome: Outcome = { todo, done: update.done, failures, dryRun };
  for (const host of job.hosts ?? [...new Set([...file.hosts, ...changedHosts(todo)])])
    report.emit(hostEvent(host, outcome));
  const { here } = job;
  if (here !== null && !dryRun && (job.hosts?.includes(here) ?? true) && context.restartAsked())
    report.emit({ type: "restart", host: here, remedy: restartRemedy });
  const exit = engine.ended() ? exitStatus.failed : exitOf(failures);
  const status = exit !== 0 ? "failed" : todo.length === 0 ? "unchanged" : dryRun ? "planned" : "changed";
  const seconds = Math.round((context.now() - start) / 100) / 10;
  report.emit({ type: "result", stack: file.stack, dry_run: dryRun, status, exit, seconds });
  return exit;
}
