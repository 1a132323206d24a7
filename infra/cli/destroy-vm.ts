import { exitStatus } from "../../protocol/errors.ts";
import { isMachineName, macOf } from "../vm/name.ts";
import { faultText, parseHypervisorOptions } from "../vm/options.ts";
import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";
import { reachHypervisor, type HypervisorOptions } from "./create-vm-hypervisor.ts";
import { VmReport } from "./create-vm-report.ts";
import { told } from "./create-vm.ts";
import { exportedState } from "./exported-state.ts";
import { Placement } from "./resources.ts";
import { StackFile } from "./stack-file.ts";
import { chooseStack, stackNames } from "./stacks.ts";
import { storedResources } from "./state.ts";

export interface DestroyVmOptions extends Partial<HypervisorOptions> {
  stack?: string;
  json?: boolean;
}

/** `destroy-vm`: removes a machine with its disks and names, and its entry in a stack file, unless a stack still has it. */
export async function destroyVm(context: Context, name: string, given: DestroyVmOptions): Promise<number> {
  if (!isMachineName(name))
    throw new CliError(
      "usage",
      `got ${JSON.stringify(name)}, which is no machine's name`,
      "Give the 8 letters that create-vm printed.",
    );
  const parsed = parseHypervisorOptions(given);
  if ("faults" in parsed)
    throw new CliError("usage", parsed.faults.map(faultText).join("\n"), "Nothing was touched.");
  const report = new VmReport(context, given.json ?? false);
  try {
    const files = await freeOf(context, name, given.stack);
    const { hypervisor } = await reachHypervisor(context, { ...given, ...parsed.options });
    report.say(`removing ${name} from ${hypervisor.name}`);
    const result = await hypervisor.run("removing the machine", "destroy", { name, mac: macOf(name) });
    for (const file of files) {
      file.removeHost(name);
      file.write();
      report.say(`taken out of ${file.path}`);
    }
    report.done({ name, result: result === "absent" ? "absent" : "removed" });
    return exitStatus.ok;
  } catch (error) {
    throw told(error);
  }
}

/** The stack files that have the machine, none of whose states does. Throws CliError where one does. */
async function freeOf(context: Context, name: string, given: string | undefined): Promise<StackFile[]> {
  const stacks = given === undefined ? stackNames(context.root) : [chooseStack(context, given)];
  const files = stacks.map((stack) => StackFile.read(context.root, stack, { home: context.home }));
  const having = files.filter((file) => file.host(name) !== null);
  // Out of the only file, or of the one that is meant, it may still be in the state.
  for (const file of files.length === 1 ? files : having) {
    const state = await exportedState(context, file.stack);
    const alive = state === null ? [] : storedResources(state, new Placement([...file.hosts, name]));
    if (alive.some(({ host, custom }) => host === name && custom))
      throw new CliError(
        "refused",
        `${name} is a host of stack ${file.stack}; nothing was touched`,
        `Move its sessions away, take it out of ${file.path}, and run \`pulumi up\`. Then run this again.`,
      );
  }
  return having;
}
