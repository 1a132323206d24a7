import type { Command } from "commander";
import { ConvocateError } from "../../protocol/errors.ts";
import { verbs, type DoctorJson } from "../../protocol/verbs.ts";
import { printJson, type Context } from "./context.ts";

interface Options {
  json?: boolean;
  agent?: string;
  root?: string;
  resolver?: string;
}

/** Options of the root that say where this is. */
interface Around {
  via?: string;
  agentKeys?: string;
}

/** `around`: where agents are registered, for who cannot say otherwise. */
export function doctorVerb(
  root: Command,
  context: Context,
  around: { remote: boolean; agentKeys: string },
): void {
  const verb = root
    .command("doctor")
    .description(verbs.doctor.does)
    .option("--agent <agent>", "one agent only: host name or id")
    .option("--json", "as a JSON object");
  if (!around.remote)
    verb
      .option("--root <folder>", "look for the shell host's files below this folder")
      .option("--resolver <address>", "who is asked for sessions' names, instead of 127.0.0.1");
  verb.action(async (options: Options) => {
    const { via, agentKeys = around.agentKeys } = root.opts<Around>();
    const { root: files = "/", resolver = "127.0.0.1" } = options;
    const shell = via === undefined ? { root: files, resolver, agentKeys } : null;
    await run(context, options, shell);
  });
}

async function run(
  context: Context,
  { json, agent }: Options,
  shell: { root: string; resolver: string; agentKeys: string } | null,
): Promise<void> {
  const [{ doctor }, { worst }, { report }] = await Promise.all([
    import("../doctor/doctor.ts"),
    import("../doctor/check.ts"),
    import("./doctor-report.ts"),
  ]);
  const checks = await doctor({ access: context.access, shell, agent });
  const answer: DoctorJson = { result: worst(checks), checks };
  if (json) printJson(context, answer);
  else context.stdout.write(report(checks, context.colors));
  const failed = checks.filter(({ result }) => result === "fail").length;
  if (failed > 0)
    throw new ConvocateError("unhealthy", `${String(failed)} of ${String(checks.length)} checks failed`);
}
