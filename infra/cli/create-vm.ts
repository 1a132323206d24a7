import { connect as dial } from "node:net";
import { resolve as absolute } from "node:path";
import { exitStatus } from "../../protocol/errors.ts";
import { makeMachine, planMachine, type Made, type Plan } from "../vm/create.ts";
import { checkLocalImage } from "../vm/image.ts";
import { faultText, parseVmOptions, type VmOptions } from "../vm/options.ts";
import { VmRefusal } from "../vm/refusal.ts";
import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";
import { reachHypervisor, type HypervisorOptions } from "./create-vm-hypervisor.ts";
import { StackFile } from "./stack-file.ts";
import { chooseStack } from "./stacks.ts";
import { VmReport } from "./create-vm-report.ts";

/** As the command line gives them: texts that nobody has checked yet. */
export interface CreateVmOptions extends Partial<HypervisorOptions> {
  join?: string;
  another?: boolean;
  stack?: string;
  dryRun?: boolean;
  json?: boolean;
}

/** `create-vm`: makes a machine on a hypervisor, or finds the one that these words have made before. */
export async function createVm(context: Context, given: CreateVmOptions): Promise<number> {
  const report = new VmReport(context, given.json ?? false);
  try {
    const options = checked(given);
    const file = options.join === undefined ? null : stackOf(context, given.stack, options.join);
    await checkLocalImage(options);
    const reached = await reachHypervisor(context, { ...given, ...options });
    const { another = false } = given;
    const wish = { options, another, ...reached };
    report.say(`looking at ${options.hypervisor}`);
    const plan = await planMachine(reached.hypervisor, wish);
    if (given.dryRun === true) {
      report.done({ result: "preview", ...previewOf(plan, options) });
      return exitStatus.ok;
    }
    const made = await makeMachine(reached.hypervisor, wish, plan, (step) => report.say(step));
    const entry = entryOf(made, options, given.identity);
    if (file !== null && join(file, made.name, entry)) report.say(`added to ${file.path}`);
    const result = plan.begun === null ? "made" : plan.begun.whole ? "unchanged" : "finished";
    report.done({
      result,
      ...shown(made),
      stack_line: stackLine(made.name, entry),
      route: await routeNeeded(made, options),
    });
    return exitStatus.ok;
  } catch (error) {
    throw told(error);
  }
}

/** An error as the command line tells it. */
export function told(error: unknown): unknown {
  if (error instanceof VmRefusal) return new CliError(error.kind, error.message, error.remedy);
  if (error instanceof CliError || !(error instanceof Error)) return error;
  return new CliError(
    "failed",
    error.message,
    "Correct what it says; run this again: it goes on where it stopped.",
  );
}

function checked(given: CreateVmOptions): VmOptions {
  const parsed = parseVmOptions(given);
  if ("options" in parsed) return parsed.options;
  throw new CliError(
    "usage",
    parsed.faults.map(faultText).join("\n"),
    "Nothing was touched. See `convocate-host create-vm --help`.",
  );
}

/** The stack file, where it has that shell host. */
function stackOf(context: Context, given: string | undefined, shell: string): StackFile {
  const file = StackFile.read(context.root, chooseStack(context, given), { home: context.home });
  const known = file.fleet().shell?.name;
  if (known === shell) return file;
  throw new CliError(
    "usage",
    `--join: got ${shell}, and the shell host of stack ${file.stack} is ${known ?? "not there"}`,
    known === undefined ? "Add one with `convocate-host init-shell`." : `Give --join ${known}.`,
  );
}

type Entry = Record<string, string>;

const entryOf = (
  { address, hostKey }: Made,
  { username, join: shell = "shell-1" }: VmOptions,
  identity?: string,
): Entry => ({
  role: "agent",
  shell,
  address,
  user: username,
  ...(identity !== undefined && {
    privateKeyFile: identity.startsWith("~/") ? identity : absolute(identity),
  }),
  hostKey,
});

const stackLine = (name: string, entry: Entry) =>
  `${name}: { ${Object.entries(entry)
    .map(([field, value]) => `${field}: ${/^[A-Za-z0-9_./-]+$/.test(value) ? value : JSON.stringify(value)}`)
    .join(", ")} }`;

/** Whether the file did not have it already. */
function join(file: StackFile, name: string, entry: Entry): boolean {
  if (file.host(name) !== null) return false;
  file.setHost(name, entry);
  file.checkNoNewFault();
  file.write();
  return true;
}

const shown = ({ name, address, hostKey, network }: Made) => ({ name, address, host_key: hostKey, network });

const previewOf = ({ survey, network, begun }: Plan, { cpu, ram, osdisk, datadisk }: VmOptions) => ({
  name: begun?.name ?? null,
  network,
  capacity: survey.capacity,
  promised: survey.promised,
  asked: { cpu, ram, disk: osdisk + datadisk },
});

/** The route that this machine, and with it likely the fleet, is missing; null: it gets there. */
async function routeNeeded({ address, network }: Made, { hypervisor }: VmOptions): Promise<string | null> {
  const reached = await new Promise<boolean>((resolve) => {
    const socket = dial({ host: address, port: 22, timeout: 5000 });
    const end = (is: boolean) => () => {
      socket.destroy();
      resolve(is);
    };
    socket.on("connect", end(true)).on("timeout", end(false)).on("error", end(false));
  });
  return reached ? null : `${network} by way of ${hypervisor}`;
}
