import type { z } from "zod";
import { deriveAgentId } from "./agent-id.ts";
import { stackConfig, type ConnectionConfig, type StackConfig } from "./schema.ts";

/** How provisioning reaches a host. */
export interface HostConnection {
  address: string;
  port: number;
  user: string;
  /** `ssh-ed25519 AAAA…`; null: only of a host that needs no SSH. */
  hostKey: string | null;
  /** Null: the ssh-agent's keys. */
  privateKeyFile: string | null;
}

export interface FleetHost {
  name: string;
  connection: HostConnection;
  roles: ("shell" | "agent")[];
  /** Its machine id, when it is the machine that the program runs on, and is worked on without SSH; else null. */
  local: string | null;
  /** Public half of the status daemon's host key, where the host keeps its own; null: the stack makes one. */
  statusHostKey: string | null;
}

export interface FleetAgent extends FleetHost {
  agentId: string;
  /** Public half of the agent's host key, where the host keeps its own; null: the stack makes one. */
  agentHostKey: string | null;
  /** It starts no session; with `force`, those that run are stopped when it is taken out of the stack. */
  drain: boolean | "force";
}

/** A stack's configuration, checked and completed. */
export interface Fleet {
  domain: string;
  command: string;
  operators: Record<string, string>;
  /** The Claude CLI on agents, by npm's version or a file of the operator's machine, and its token; null: none. */
  claude: { cli: { version: string } | { path: string }; token: string | null } | null;
  /** The image that sessions run in: with tools, or only what a session needs itself. */
  image: "full" | "slim";
  /** Agents keep the text of sessions' terminals. */
  transcript: boolean;
  /** Another number, other keys between shell host and agents. */
  keyEpoch: number;
  /** Another number, another log authority. */
  logAuthorityEpoch: number;
  /** Other names for the login on the shell host. */
  loginAliases: string[];
  /** Networks that may ask the shell host for names, besides the agents. */
  dnsClients: string[];
  /** Networks that reach the ports that sessions publish, besides the shell host and `dnsClients`. */
  publishFrom: string[];
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

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const key of path) at = typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined;
  return at;
}

/** A value, shortened, for people. What is in a list or a map is not shown, nor a private key: it may be a secret. */
function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${String(value.length)}`;
  if (typeof value === "object" && value !== null) return `{ ${Object.keys(value).join(", ")} }`.slice(0, 60);
  const text = JSON.stringify(value) ?? typeof value;
  return text.includes("PRIVATE KEY") ? "a private key" : text.slice(0, 60);
}

const pathText = (path: readonly PropertyKey[]) => `convocate:${path.map(String).join(".")}`;

function faultsOf(error: z.ZodError, value: unknown): string[] {
  return error.issues.flatMap((issue) => {
    const path = pathText(issue.path);
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map(
        (key) => `${pathText([...issue.path, key])}: not a known setting: remove or correct it`,
      );
    }
    // A bad key of a map: the key is the last part of the path, and what is wrong with it lies one deeper.
    if (issue.code === "invalid_key")
      return issue.issues.map(
        ({ message }) => `${path}: got the name ${shown(issue.path.at(-1))}: ${message}`,
      );
    const got = issue.path.at(-1) === "token" ? "something" : shown(valueAt(value, issue.path));
    return [`${path}: got ${got}: ${issue.message}`];
  });
}

const rolesOf = ({ role, roles }: StackConfig["hosts"][string]) => [
  ...new Set(roles ?? (role ? [role] : [])),
];

const agentIdsOf = (stack: string, hosts: StackConfig["hosts"]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(hosts)
      .filter(([, host]) => rolesOf(host).includes("agent"))
      .map(([name, host]) => [name, host.agentId ?? deriveAgentId(stack, name)]),
  );

const isLoopback = (address: string) => /^(127\.|::1$|localhost$)/.test(address);

/** What zod cannot see: how hosts stand to each other. */
function relationFaults(hosts: StackConfig["hosts"], agentIds: Record<string, string>): string[] {
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
  const here = entries.filter(([, host]) => host.local !== undefined).map(([name]) => name);
  if (here.length > 1)
    faults.push(
      `convocate:hosts.${here[1] ?? ""}.local: got ${String(hosts[here[1] ?? ""]?.local)}, and ${here[0] ?? ""} has one: one host is this machine, reach the others by SSH`,
    );
  const elsewhere = entries.some(([, host]) => !isLoopback(host.address));
  for (const [name, host] of entries)
    if (host.local !== undefined && isLoopback(host.address) && elsewhere)
      faults.push(
        `convocate:hosts.${name}.address: got ${host.address}, which the other hosts are themselves by: give the one that they reach this machine by`,
      );
  duplicates("agentId", (name) => agentIds[name]);
  for (const [name, host] of entries) {
    const roles = rolesOf(host);
    if (!roles.includes("shell") && host.statusHostKey !== undefined)
      faults.push(
        `convocate:hosts.${name}.statusHostKey: got ${host.statusHostKey}: only the shell host has one; remove it`,
      );
    if (!roles.includes("agent")) {
      if (host.shell !== undefined)
        faults.push(
          `convocate:hosts.${name}.shell: got ${host.shell}: only agents name their shell host; remove it`,
        );
      if (host.drain !== undefined)
        faults.push(
          `convocate:hosts.${name}.drain: got ${String(host.drain)}: only agents are drained; remove it`,
        );
      if (host.agentHostKey !== undefined)
        faults.push(
          `convocate:hosts.${name}.agentHostKey: got ${host.agentHostKey}: only agents have one; remove it`,
        );
    } else if (!roles.includes("shell") && host.shell === undefined) {
      faults.push(
        `convocate:hosts.${name}.shell: got nothing: an agent names its shell host, such as \`shell: ${shells[0] ?? "shell-1"}\``,
      );
    } else if (host.shell !== undefined && shells[0] !== undefined && !shells.includes(host.shell)) {
      faults.push(
        `convocate:hosts.${name}.shell: got ${host.shell}, which is no shell host of this stack: use ${shells[0]}`,
      );
    }
  }
  return faults;
}

const inHome = (path: string, home: string) => path.replace(/^~(?=\/)/, home);

function claudeOf(claude: StackConfig["claude"], home: string): Fleet["claude"] {
  if (!claude) return null;
  const { version, path = "", token = null } = claude;
  return { cli: version === undefined ? { path: inHome(path, home) } : { version }, token };
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
    hostKey: host.hostKey ?? null,
    privateKeyFile: file === undefined ? null : inHome(file, home),
  };
}

/**
 * Checks what a stack file says (`value`: its `convocate:` settings by name) and completes it.
 * Throws ConfigError with every fault at once. `home` replaces a leading `~` of file names. `encrypted` names the settings
 * that have an encrypted part.
 */
export function parseFleet(
  stack: string,
  value: unknown,
  home: string,
  encrypted: readonly string[] = [],
): Fleet {
  const parsed = stackConfig.safeParse(value);
  const faults = parsed.success ? [] : faultsOf(parsed.error, value);
  // Hosts that are right by themselves are held against each other, whatever is wrong elsewhere.
  const parsedHosts = stackConfig.shape.hosts.safeParse(valueAt(value, ["hosts"]));
  const agentIds = parsedHosts.success ? agentIdsOf(stack, parsedHosts.data) : {};
  if (parsedHosts.success) faults.push(...relationFaults(parsedHosts.data, agentIds));
  if (valueAt(value, ["claude", "token"]) !== undefined && !encrypted.includes("claude"))
    faults.push(
      "convocate:claude.token: got a token in plain text: set it with `pulumi config set --secret --path claude.token`, and take this one back where it was made",
    );
  if (!parsed.success || faults.length > 0) throw new ConfigError(stack, faults);
  const config = parsed.data;
  const hosts = Object.entries(config.hosts).map(([name, host]) => ({
    name,
    roles: rolesOf(host),
    connection: connectionOf(host, config.ssh, home),
    local: host.local ?? null,
    statusHostKey: host.statusHostKey ?? null,
  }));
  return {
    domain: config.domain,
    command: config.command,
    operators: config.operators,
    claude: claudeOf(config.claude, home),
    image: config.image,
    transcript: config.transcript,
    keyEpoch: config.keyEpoch,
    logAuthorityEpoch: config.logAuthorityEpoch,
    loginAliases: config.loginAliases,
    dnsClients: config.dnsClients,
    publishFrom: config.publishFrom,
    shell: hosts.find(({ roles }) => roles.includes("shell")) ?? null,
    agents: hosts
      .filter(({ roles }) => roles.includes("agent"))
      .map((host) => ({
        ...host,
        agentId: agentIds[host.name] ?? "",
        agentHostKey: config.hosts[host.name]?.agentHostKey ?? null,
        drain: config.hosts[host.name]?.drain ?? false,
      })),
  };
}
