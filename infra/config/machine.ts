import { ConfigError, type Fleet } from "./fleet.ts";

/**
 * A host that is worked on without SSH is this machine, of machine id `id`, and no other one. Throws ConfigError: whoever runs the
 * stack elsewhere would make that machine the host.
 */
export function checkMachine(stack: string, { shell, agents }: Fleet, id: string | null): void {
  const other = [...(shell ? [shell] : []), ...agents].find(({ local }) => local !== null && local !== id);
  if (other)
    throw new ConfigError(stack, [
      `convocate:hosts.${other.name}.local: got ${String(other.local)}, and this machine is ${id ?? "without a machine id"}: run this on ${other.name} itself`,
    ]);
}
