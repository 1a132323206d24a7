import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";
import { trustedKey } from "./host-trust.ts";
import type { EntryValue, StackFile } from "./stack-file.ts";

export type Role = "shell" | "agent";

/** What a command line says about a host; what it leaves out stays as the stack file has it. */
export interface HostOptions {
  role?: Role;
  address?: string;
  port?: number;
  user?: string;
  identity?: string;
  shell?: string;
  agentId?: string;
  hostKey?: string;
  /** Machine id, when the host is this machine and is worked on without SSH. */
  local?: string;
  fingerprint?: string;
  replace?: boolean;
  /** The host shows its key even where one is known. */
  recheck?: boolean;
}

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

function rolesOf(entry: Record<string, unknown>): string[] {
  const { role, roles } = entry;
  if (Array.isArray(roles)) return roles.map(String);
  return typeof role === "string" ? [role] : [];
}

/** The name of the host that is meant: by its name, its address or its agent id. Null: none. */
export function findHost(file: StackFile, wanted: string): string | null {
  if (file.host(wanted)) return wanted;
  const fits = file.hosts.filter((name) => {
    const { address, agentId } = file.host(name) ?? {};
    return address === wanted || agentId === wanted;
  });
  return fits[0] ?? derived(file, wanted);
}

/** Agent ids that are not in the file are known only where the file is whole. */
function derived(file: StackFile, wanted: string): string | null {
  if (!/^[a-z0-9-]{1,64}$/.test(wanted)) return null;
  try {
    return file.fleet().agents.find(({ agentId }) => agentId === wanted)?.name ?? null;
  } catch {
    return null;
  }
}

export function requireHost(file: StackFile, wanted: string): string {
  const name = findHost(file, wanted);
  if (name !== null) return name;
  throw new CliError(
    "notFound",
    `stack ${file.stack} has no host ${JSON.stringify(wanted)}: it has ${file.hosts.join(", ") || "none"}`,
    "Add it with `convocate-host init-shell` or `init-agent --host NAME --address ADDRESS`.",
  );
}

function newEntry(file: StackFile, name: string, options: HostOptions): { role?: Role; shell?: string } {
  const { role, address } = options;
  if (/[.:]/.test(name)) {
    throw new CliError(
      "usage",
      `${name} is no host of stack ${file.stack}, and looks like an address`,
      `Give the host a name: --host NAME --address ${name}`,
    );
  }
  if (role === undefined || address === undefined) {
    throw new CliError(
      "usage",
      `${name} is no host of stack ${file.stack} yet`,
      `To add it, give ${[role === undefined && "--role shell|agent", address === undefined && "--address ADDRESS"].filter(Boolean).join(" and ")}.`,
    );
  }
  const shell = file.hosts.find((other) => rolesOf(file.host(other) ?? {}).includes("shell"));
  return { role, ...(role === "agent" && shell !== undefined && { shell }) };
}

/** One role more for a host that has another one already. */
function addRole(file: StackFile, name: string, role: Role | undefined): void {
  const roles = rolesOf(file.host(name) ?? {});
  if (role === undefined || roles.includes(role)) return;
  file.unsetHost(name, "role");
  file.setHost(name, roles.length === 0 ? { role } : { roles: [...roles, role] });
}

/**
 * Makes a host of the stack file what the command line says, and gives it a trusted key where it has none, or where a key
 * is given. Nothing is written yet.
 */
export async function editHost(
  context: Context,
  file: StackFile,
  name: string,
  options: HostOptions,
): Promise<void> {
  const entry = file.host(name);
  const begin = entry === null ? newEntry(file, name, options) : {};
  if (entry !== null) addRole(file, name, options.role);
  const fields: [string, EntryValue | undefined][] = [
    ["address", options.address],
    ["port", options.port],
    ["user", options.user],
    ["privateKeyFile", options.identity],
    ["local", options.local],
  ];
  const given = Object.fromEntries(
    fields.filter((field): field is [string, EntryValue] => field[1] !== undefined),
  );
  const known = text(entry?.["hostKey"]) ?? null;
  const asked = options.recheck ?? (options.hostKey ?? options.fingerprint ?? options.replace) !== undefined;
  const { role, shell, ...rest } = {
    ...begin,
    ...given,
    ...(options.shell !== undefined && { shell: options.shell }),
  };
  const settings = { ...(role !== undefined && { role }), ...rest };
  const needed = known === null && (options.local ?? entry?.["local"]) === undefined;
  if (needed || asked) {
    const address = options.address ?? text(entry?.["address"]);
    if (address === undefined)
      throw new CliError(
        "usage",
        `${name} has no address in stack ${file.stack}`,
        "Give one: --address ADDRESS",
      );
    const port = options.port ?? (typeof entry?.["port"] === "number" ? entry["port"] : file.defaultPort);
    const { fingerprint, hostKey, replace = false } = options;
    const key = await trustedKey(context, {
      host: name,
      endpoint: { address, port },
      known,
      fingerprint,
      hostKey,
      replace,
    });
    Object.assign(settings, known === key ? {} : { hostKey: key });
  }
  if (shell !== undefined) Object.assign(settings, { shell });
  if (options.agentId !== undefined) Object.assign(settings, { agentId: options.agentId });
  file.setHost(name, settings);
}
