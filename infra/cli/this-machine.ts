import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";
import type { Role } from "./host-entry.ts";
import type { StackFile } from "./stack-file.ts";

/** The host that this machine is, or with a role becomes: its name in the stack, and the machine id that tells it from others. */
export function thisMachine(
  { hostName, machineId }: Pick<Context, "hostName" | "machineId">,
  file: StackFile,
  role: Role | undefined,
): { name: string; local: string } {
  if (machineId === null)
    throw new CliError(
      "failed",
      "this machine has no machine id",
      "Make one with `systemd-machine-id-setup`, or name a host: --host NAME.",
    );
  const known = file.hosts.find((name) => file.host(name)?.["local"] === machineId);
  if (known !== undefined) return { name: known, local: machineId };
  const name = hostName.split(".")[0]?.toLowerCase() ?? "";
  if (file.host(name))
    throw new CliError(
      "usage",
      `stack ${file.stack} has a host ${name} that is reached by SSH, as this machine is called`,
      `Give --host ${name} to work on it by SSH. If it is this machine and needs none, set \`local: ${machineId}\` in its entry.`,
    );
  if (role === undefined)
    throw new CliError(
      "notFound",
      `this machine is no host of stack ${file.stack}: it has ${file.hosts.join(", ") || "none"}`,
      "Name one of them with --host, or make this machine one with `convocate-host init-shell` or `init-agent --address ADDRESS`.",
    );
  return { name, local: machineId };
}
