import { isMap, parseDocument } from "yaml";
import type { Host } from "./records.ts";

/** How a lab's hosts are reached, and the operator who may log in to its shell host. */
export interface Connection {
  user: string;
  privateKeyFile: string;
  /** `ssh-ed25519 AAAA…` */
  operatorKey: string;
}

/**
 * The text of a stack file with the lab's connection, and the address and pin of every host that the file lists and
 * the lab has. Comments, order and everything else stay as they are.
 */
export function recordPins(text: string, connection: Connection, hosts: readonly Host[]): string {
  const document = parseDocument(text);
  const { user, privateKeyFile, operatorKey } = connection;
  document.setIn(["config", "convocate:ssh", "user"], user);
  document.setIn(["config", "convocate:ssh", "privateKeyFile"], privateKeyFile);
  document.setIn(["config", "convocate:operators", "lab"], operatorKey);
  for (const { name, address, hostKey } of hosts) {
    const path = ["config", "convocate:hosts", name];
    if (!isMap(document.getIn(path))) continue;
    document.setIn([...path, "address"], address);
    document.setIn([...path, "hostKey"], hostKey);
  }
  return document.toString({ lineWidth: 0 });
}

/** The line of a stack file that makes a lab host a shell host (names that begin with `shell`) or an agent host. */
export function stackLine({ name, address, hostKey }: Host, shell: string): string {
  const role = name.startsWith("shell") ? "role: shell" : "role: agent";
  const last = name.startsWith("shell") ? "" : `, shell: ${shell}`;
  return `${name}: { ${role}, address: ${address}, hostKey: "${hostKey}"${last} }`;
}
