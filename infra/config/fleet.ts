import type { z } from "zod";
import { deriveAgentId } from "./agent-id.ts";
import { stackConfig, type ConnectionConfig, type StackConfig } from "./schema.ts";

/** How provisioning reaches a host. */
export interface HostConnection {
  address: string;
  port: number;
  user: string;
  /** `ssh-ed25519 AAAA…` */
  hostKey: string;
  /** Null: the ssh-agent's keys. */
  privateKeyFile: string | null;
}

export interface FleetHost {
  name: string;
  connection: HostConnection;
  roles: ("shell" | "agent")[];
}

export interface FleetAgent extends FleetHost {
  agentId: string;
}

/** A stack's configuration, checked and completed. */
export interface Fleet {
  domain: string;
  command: string;
  operators: Record<string, string>;
  shell: FleetHost | null;
  agents: FleetAgent[];
}

/** Everything that is wrong with a stack's configuration: path, value, remedy, a line each. */
export class ConfigError extends Error {
  constructor(stack: string, faults: readonly string[]) {
    super(
      `stacks/Pulumi.${stack}.yaml is not usable; nothing was touched:\n${faults.map((f) => `  ${f}`).join("\n")}`,
    );
    this.name = "ConfigError";
  }
}

/** The value at `path`, shortened, for people; a secret is nowhere in what is shown. */
function shown(value: unknown, path: readonly PropertyKey[]): string {
  let at: unknown = value;
  for (const key of path) at = typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined;
  return at === undefined ? "nothing" : (JSON.stringify(at) ?? typeof at).slice(0, 60);
}

const pathText = (path: readonly PropertyKey[]) => `convocate:${path.map(String).join(".")}`;

function faultsOf(error: z.ZodError, value: unknown): string[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map(
        (key) => `${pathText([...issue.path, key])}: not a known setting: remove or correct it`,
      );
    }
    return [`${pathText(issue.path)}: got ${shown(value, issue.path)}: ${issue.message}`];
  });
}

const rolesOf = ({ role, roles }: StackConfig["hosts"][string]) => [
  ...new Set(roles ?? (role ? [role] : [])),
];

/** What zod cannot see: how hosts stand to each other. */
function relationFaults({ hosts }: StackConfig, agentIds: Record<string, string>): string[] {
  const entries = Object.entries(hosts);
  const faults: string[] = [];
  const shells = entries.filter(([, host]) => rolesOf(host).includes("shell")).map(([name]) => name);
  if (shells.length !== 1) {
    faults.push(
      `convocate:hosts: got ${shells.length === 0 ? "no shell host" : `shell hosts ${shells.join(", ")}`}: a fleet has exactly one`,
    );
  }
  const duplicates = (what: string, value: (name: string) => string | undefined) => {
    const seen = new Map<string, string>();
    for (const [name] of entries) {
      const own = value(name);
      if (own === undefined) continue;
      const first = seen.get(own);
      if (first !== undefined)
        faults.push(
          `convocate:hosts.${name}.${what}: got ${own}, which ${first} has: each host needs its own`,
        );
      seen.set(own, first ?? name);
    }
  };
  duplicates("address", (name) => hosts[name]?.address);
  duplicates("hostKey", (name) => hosts[name]?.hostKey);
  duplicates("agentId", (name) => agentIds[name]);
  for (const [name, host] of entries) {
    const roles = rolesOf(host);
    if (!roles.includes("agent")) {
      if (host.shell !== undefined)
        faults.push(
          `convocate:hosts.${name}.shell: got ${host.shell}: only agents name their shell host; remove it`,
        );
    } else if (!roles.includes("shell") && host.shell === undefined) {
      faults.push(
        `convocate:hosts.${name}.shell: got nothing: an agent names its shell host, such as \`shell: ${shells[0] ?? "shell-1"}\``,
      );
    } else if (host.shell !== undefined && !shells.includes(host.shell)) {
      faults.push(
        `convocate:hosts.${name}.shell: got ${host.shell}, which is no shell host of this stack: use ${shells[0] ?? "one that is"}`,
      );
    }
  }
  return faults;
}

function connectionOf(
  host: StackConfig["hosts"][string],
  defaults: ConnectionConfig,
  home: string,
): HostConnection {
  const file = host.privateKeyFile ?? defaults.privateKeyFile;
  return {
    address: host.address,
    port: host.port ?? defaults.port ?? 22,
    user: host.user ?? defaults.user ?? "root",
    hostKey: host.hostKey,
    privateKeyFile: file === undefined ? null : file.replace(/^~(?=\/)/, home),
  };
}

/**
 * Checks what a stack file says (`value`: its `convocate:` settings by name) and completes it.
 * Throws ConfigError with every fault at once. `home` replaces a leading `~` of file names.
 */
export function parseFleet(stack: string, value: unknown, home: string): Fleet {
  const parsed = stackConfig.safeParse(value);
  if (!parsed.success) throw new ConfigError(stack, faultsOf(parsed.error, value));
  const config = parsed.data;
  const agentIds = Object.fromEntries(
    Object.entries(config.hosts)
      .filter(([, host]) => rolesOf(host).includes("agent"))
      .map(([name, host]) => [name, host.agentId ?? deriveAgentId(stack, name)]),
  );
  const faults = relationFaults(config, agentIds);
  if (faults.length > 0) throw new ConfigError(stack, faults);
  const hosts = Object.entries(config.hosts).map(([name, host]) => ({
    name,
    roles: rolesOf(host),
    connection: connectionOf(host, config.ssh, home),
  }));
  return {
    domain: config.domain,
    command: config.command,
    operators: config.operators,
    shell: hosts.find(({ roles }) => roles.includes("shell")) ?? null,
    agents: hosts
      .filter(({ roles }) => roles.includes("agent"))
      .map((host) => ({ ...host, agentId: agentIds[host.name] ?? "" })),
  };
}
