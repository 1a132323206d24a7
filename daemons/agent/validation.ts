import { ConvocateError, errors } from "../../protocol/errors.ts";

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
  if (!/^[\p{ASCII}]+$/u.test(name) || !/^[A-Za-z0-9 _.-]+$/.test(name)) {
    throw new ConvocateError(
      "name_invalid",
      `session name ${JSON.stringify(name)}: use letters, digits, space, _, - and .`,
    );
  }
}

function checkDnsName(name: string): void {
  if (name === "") return;
  const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
  if (name.length <= 253 && name.split(".").every((part) => label.test(part))) return;
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
