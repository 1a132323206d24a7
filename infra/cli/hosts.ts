import { ConfigError } from "../config/fleet.ts";
import { exitStatus } from "../../protocol/errors.ts";
import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";
import { editHost, findHost, requireHost, type HostOptions, type Role } from "./host-entry.ts";
import { thisMachine } from "./this-machine.ts";
import { provision } from "./provision.ts";
import { openReporter } from "./reporter.ts";
import { StackFile } from "./stack-file.ts";
import { chooseStack } from "./stacks.ts";

export interface ProvisionOptions extends HostOptions {
  stack?: string;
  host?: string[];
  all?: boolean;
  domain?: string;
  dryRun?: boolean;
  json?: boolean;
}

export type Verb = "install" | "init-shell" | "init-agent" | "update";

const roles: Partial<Record<Verb, Role>> = { "init-shell": "shell", "init-agent": "agent" };

/** Null: all; none: this machine. */
function hostsNamed(verb: Verb, { host = [], all = false }: ProvisionOptions): string[] | null {
  if (all && host.length > 0) throw new CliError("usage", "--all and --host", "Give one of them.");
  if (all) return null;
  if (verb !== "update" && host.length > 1)
    throw new CliError("usage", `${verb} takes one --host`, "Run it for each.");
  return [...new Set(host)];
}

/** What the stack file must say before anything is done to a host; nothing is written yet. */
async function edit(
  context: Context,
  verb: Verb,
  options: ProvisionOptions,
): Promise<{ file: StackFile; hosts: string[] | null }> {
  const stack = chooseStack(context, options.stack);
  const named = hostsNamed(verb, options);
  const file = StackFile.read(context.root, stack, {
    home: context.home,
    create: options.domain !== undefined,
  });
  if (options.domain !== undefined) file.setSetting("domain", options.domain);
  const role = roles[verb];
  const here = named?.length === 0 ? thisMachine(context, file, role) : null;
  const hosts = here
    ? [here.name]
    : (named?.map((host) => findHost(file, host) ?? (role ? host : requireHost(file, host))) ?? null);
  const [host] = hosts ?? [];
  if (verb !== "update" && host !== undefined)
    await editHost(context, file, host, {
      ...options,
      ...(role && { role }),
      ...(here && { local: here.local }),
    });
  return { file, hosts };
}

/** `install`, `init-shell`, `init-agent`, `update`: edits the stack file as the options say, and runs the program. */
export async function provisionHosts(
  context: Context,
  verb: Verb,
  options: ProvisionOptions,
): Promise<number> {
  const { json = false, dryRun = false } = options;
  const report = openReporter(context, { json, dryRun });
  try {
    const { file, hosts } = await edit(context, verb, options);
    const fleet = file.fleet();
    if (file.isChanged)
      for (const host of hosts ?? []) report.emit({ type: "file", file: file.path, host, written: !dryRun });
    const { shell, agents } = fleet;
    const here = [shell, ...agents].find((host) => typeof host?.local === "string")?.name ?? null;
    return await provision(context, { file, shell: shell?.name ?? "", hosts, here, dryRun }, report);
  } catch (error) {
    if (!json || !(error instanceof CliError || error instanceof ConfigError)) throw error;
    const known = readError(error);
    report.emit({ type: "failure", host: null, step: null, log: [], ...known });
    const { stack = context.stack ?? "" } = options;
    const [status, seconds] = ["failed", 0] as const;
    report.emit({ type: "result", stack, dry_run: dryRun, status, exit: known.exit, seconds });
    return known.exit;
  } finally {
    report.end();
  }
}

/** The exit status of an error that is not a defect, with what to do. */
export function readError(error: CliError | ConfigError): { cause: string; remedy: string; exit: number } {
  const cause = error.message;
  if (error instanceof CliError) return { cause, remedy: error.remedy, exit: exitStatus[error.exit] };
  return { cause, remedy: "Correct the stack file.", exit: exitStatus.usage };
}
