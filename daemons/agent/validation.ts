import { isDnsName, isSessionName } from "../../protocol/addressing.ts";
import { ConvocateError, errors } from "../../protocol/errors.ts";
import type { Limits } from "../../protocol/session.ts";
import { repoFolder } from "./seed.ts";

/** Name, port, protocol and DNS name of a session, as checked and completed. */
export interface Addressing {
  name: string;
  port: number;
  protocol: "tcp" | "udp";
  dns_name: string;
}

/** The part of other sessions that a new one may collide with. */
export interface Neighbour {
  uuid: string;
  port?: number | undefined;
  protocol?: string | undefined;
  dns_name?: string | undefined;
}

const firstPort = 1001;

function checkName(name: string): void {
  if (name.trim() === "") throw errors.emptyName();
  if (name.length > 64) throw errors.longName();
  if (!isSessionName(name)) {
    throw new ConvocateError(
      "name_invalid",
      `session name ${JSON.stringify(name)}: use letters, digits, space, _, - and .`,
    );
  }
}

function checkDnsName(name: string): void {
  if (name === "" || isDnsName(name)) return;
  const text = `DNS name ${JSON.stringify(name)}: use labels of a-z, 0-9 and -, each 1 to 63, 253 in all`;
  throw new ConvocateError("dns_name_invalid", text);
}

function choosePort(port: number, protocol: string, others: readonly Neighbour[]): number {
  const taken = new Set(
    others.filter((o) => o.port && (o.protocol ?? "tcp") === protocol).map((o) => o.port),
  );
  if (port === 0) return 0;
  if (port === -1) {
    for (let free = firstPort; free <= 65_535; free++) if (!taken.has(free)) return free;
    throw errors.noPort();
  }
  if (port < -1 || port > 65_535) throw errors.invalidPort(port);
  if (taken.has(port)) throw errors.portTaken(port, protocol);
  return port;
}

/** Less than these the engine refuses, or nothing can run in: bytes, cores, processes. */
const leastLimits = { memory_bytes: 16 * 2 ** 20, cpus: 0.01, pids: 16, disk_bytes: 1 } as const;

/** Refuses limits under which no session can run. */
export function checkLimits(wanted: Limits): void {
  for (const name of ["memory_bytes", "cpus", "pids", "disk_bytes"] as const) {
    const [asked, least] = [wanted[name], leastLimits[name]];
    if (asked !== undefined && asked < least)
      throw errors.decodeParams(
        `limits.${name}: ${String(asked)} is less than ${String(least)}: ask for more`,
      );
  }
}

/** A URL, or `user@host:path`, as git takes them; nothing that git would take for an option or run as a program. */
const repoForm = /^((https?|ssh|git):\/\/|[A-Za-z0-9_][A-Za-z0-9._-]*@[A-Za-z0-9.-]+:)[^\s\\'"`$;|&<>]+$/;
const branchForm = /^(?!-)(?!.*\.\.)[A-Za-z0-9._/+-]{1,256}$/;

/** Checks where a session's first files come from. */
export function checkSeed({
  repo,
  branch,
}: {
  repo?: string | null | undefined;
  branch?: string | null | undefined;
}): void {
  if (repo && (!repoForm.test(repo) || !/^[A-Za-z0-9._-]*[A-Za-z0-9_-]$/.test(repoFolder(repo)))) {
    throw errors.decodeParams(
      `repo: ${JSON.stringify(repo)} is no repository: use https://host/path, ssh://host/path or user@host:path`,
    );
  }
  if (!branch) return;
  if (!repo) throw errors.decodeParams("branch: a branch needs a repo: name one");
  if (!branchForm.test(branch))
    throw errors.decodeParams(`branch: ${JSON.stringify(branch)} is no branch or tag: correct it`);
}

/**
 * Checks what an operator asked for against the rules and the other sessions of this agent, and fills in what was left
 * open: `""` is tcp, port -1 the first free one from 1001 up, a DNS name is lower-cased.
 */
export function checkAddressing(
  wanted: { name: string; port: number; protocol: string; dns_name: string },
  others: readonly Neighbour[],
): Addressing {
  checkName(wanted.name);
  const protocol = wanted.protocol === "" ? "tcp" : wanted.protocol;
  if (protocol !== "tcp" && protocol !== "udp") throw errors.badProtocol(wanted.protocol);
  const dns_name = wanted.dns_name.toLowerCase();
  checkDnsName(dns_name);
  if (dns_name !== "" && others.some((other) => other.dns_name === dns_name)) throw errors.dnsTaken(dns_name);
  return { name: wanted.name, port: choosePort(wanted.port, protocol, others), protocol, dns_name };
}
