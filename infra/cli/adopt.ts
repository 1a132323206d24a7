import type { Client } from "ssh2";
import { exitStatus } from "../../protocol/errors.ts";
import { deriveAgentId } from "../config/agent-id.ts";
import { planAdoption, type Plan, type Stack } from "../adopt/plan.ts";
import { survey, type Facts } from "../adopt/survey.ts";
import { connect, runAsRoot } from "../ssh/connect.ts";
import { scriptText } from "../steps/script.ts";
import { AdoptReport } from "./adopt-report.ts";
import { ask } from "./ask.ts";
import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";
import { editHost, findHost, type HostOptions } from "./host-entry.ts";
import { hostEndpoint, type HostEndpoint } from "./host-endpoint.ts";
import { provision } from "./provision.ts";
import { openReporter } from "./reporter.ts";
import { StackFile } from "./stack-file.ts";
import { chooseStack } from "./stacks.ts";

export interface AdoptOptions extends HostOptions {
  stack?: string;
  domain?: string;
  dryRun?: boolean;
  yes?: boolean;
  json?: boolean;
}

type Adoption = Extract<Plan, { kind: "adopt" }>;

/**
 * `adopt HOST`: takes over a host that runs v2, with its identity, its sessions and what runs in them. It looks and tells first; it
 * does so on the operator's word. Then the stack file has the host, the program makes it ours as any other, and what v2 left goes.
 */
export async function adopt(context: Context, wanted: string, options: AdoptOptions): Promise<number> {
  const stack = chooseStack(context, options.stack);
  const file = StackFile.read(context.root, stack, {
    home: context.home,
    create: options.domain !== undefined,
  });
  if (options.domain !== undefined) file.setSetting("domain", options.domain);
  const name = findHost(file, wanted) ?? wanted;
  const endpoint = await hostEndpoint(context, file, name, options);
  const report = new AdoptReport(context, options.json ?? false);
  const facts = await onHost(context, endpoint, survey);
  const plan = planAdoption(facts, stackOf(file, name));
  if (plan.kind === "refused") {
    throw new CliError(
      "refused",
      [
        `${name} is not taken over; nothing was changed`,
        ...plan.refusals.map(({ what, remedy }) => `  ${what}: ${remedy}`),
      ].join("\n"),
      plan.refusals.length === 1 ? "Then run this again." : "All of it comes first; then run this again.",
    );
  }
  if (plan.kind === "adopt") await edit(context, file, name, { plan, options, hostKey: endpoint.hostKey });
  report.plan(name, facts, plan, file);
  if (plan.kind === "nothing") return exitStatus.ok;
  if (!(await isWanted(context, options))) return exitStatus.ok;
  if (plan.kind === "adopt") {
    const exit = await makeOurs(context, { file, name, plan, endpoint, options });
    if (exit !== exitStatus.ok) return exit;
  }
  await clean(context, file, { name, endpoint });
  report.done(name);
  return exitStatus.ok;
}

/** Without a word nothing is done: that is the dry run. */
async function isWanted(context: Context, { dryRun, yes, json }: AdoptOptions): Promise<boolean> {
  if (dryRun) return false;
  if (yes) return true;
  const answer = json ? null : await ask(context, "Do it? Type yes: ");
  if (answer === null) context.stderr.write("Nothing was changed: add --yes to do it.\n");
  return answer?.trim() === "yes";
}

async function onHost<T>(
  context: Context,
  { host, ...to }: HostEndpoint,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await connect({ host: to.address, ...to }, context.agentSocket ?? "").catch(
    (error: unknown) => {
      throw new CliError(
        "unreachable",
        `${host}: ${error instanceof Error ? error.message : String(error)}`,
        "Check that the host is on, and its address, user and key (--address, --user, --identity).",
      );
    },
  );
  try {
    return await work(client);
  } finally {
    client.end();
  }
}

const rolesOf = ({ role, roles }: Record<string, unknown>): unknown[] =>
  Array.isArray(roles) ? roles : [role];

function stackOf(file: StackFile, name: string): Stack {
  const others = file.hosts
    .filter((other) => other !== name)
    .map((other) => ({ other, entry: file.host(other) ?? {} }));
  const idOf = (other: string, { agentId }: Record<string, unknown>) =>
    typeof agentId === "string" ? agentId : deriveAgentId(file.stack, other);
  const { agentId } = file.host(name) ?? {};
  return {
    entry: file.host(name) && { agentId: typeof agentId === "string" ? agentId : undefined },
    otherShells: others.filter(({ entry }) => rolesOf(entry).includes("shell")).map(({ other }) => other),
    otherAgents: new Map(
      others
        .filter(({ entry }) => rolesOf(entry).includes("agent"))
        .map(({ other, entry }) => [idOf(other, entry), other]),
    ),
    operators: file.operators,
  };
}

interface Edit {
  plan: Adoption;
  options: AdoptOptions;
  hostKey: string;
}

/** The host's entry, by which it keeps what it has. Nothing is written yet. */
async function edit(
  context: Context,
  file: StackFile,
  name: string,
  { plan, options, hostKey }: Edit,
): Promise<void> {
  // The key was trusted before the host was looked at.
  for (const role of plan.roles)
    await editHost(context, file, name, { ...options, role, hostKey, replace: true });
  file.setHost(name, { ...plan.kept });
  for (const [operator, key] of Object.entries(plan.operators)) file.setOperator(operator, key);
  file.checkNoNewFault();
}

/** Runs an action of steps/adopt.sh. */
const act = (client: Client, host: string, action: "prepare" | "clean") =>
  runAsRoot(client, {
    title: `${action} on ${host}`,
    script: `exec bash --norc -s ${action}`,
    feed: (channel) =>
      new Promise((resolve) => void channel.end(scriptText("adopt", { adopted: host }), () => resolve())),
  });

interface Work {
  file: StackFile;
  name: string;
  plan: Adoption;
  endpoint: HostEndpoint;
  options: AdoptOptions;
}

/** The same as `init-shell` and `init-agent`, between two looks at what runs. */
async function makeOurs(context: Context, { file, name, plan, endpoint, options }: Work): Promise<number> {
  await onHost(context, endpoint, (client) => act(client, name, "prepare"));
  const report = openReporter(context, { json: options.json ?? false, dryRun: false });
  try {
    const job = { file, shell: file.fleet().shell?.name ?? "", hosts: [name], here: null, dryRun: false };
    const exit = await provision(context, job, report);
    if (exit !== exitStatus.ok) return exit;
  } finally {
    report.end();
  }
  const after = await onHost(context, endpoint, survey);
  const lost = lostOf(plan, after);
  if (lost.length === 0) return exitStatus.ok;
  throw new CliError(
    "failed",
    `${name} is ours, and ${String(lost.length)} of the containers that ran do not run any more: ${lost.join(", ")}`,
    "See `docker ps -a` there. What v2 left stays until you run this again.",
  );
}

const lostOf = ({ running }: Adoption, after: Facts): string[] => {
  const runs = new Set(after.containers.filter((container) => container.running).map(({ id }) => id));
  return running.filter((id) => !runs.has(id)).map((id) => id.slice(0, 12));
};

/** On the host itself, and on the shell host, where v2's log authority goes with the last of its agents. */
async function clean(
  context: Context,
  file: StackFile,
  { name, endpoint }: { name: string; endpoint: HostEndpoint },
): Promise<void> {
  await onHost(context, endpoint, (client) => act(client, name, "clean"));
  const shell = file.fleet().shell?.name;
  if (shell === undefined || shell === name) return;
  await onHost(context, await hostEndpoint(context, file, shell, {}), (client) =>
    act(client, shell, "clean"),
  );
}
