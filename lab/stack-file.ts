import { isMap, parseDocument } from "yaml";
import type { Host } from "./records.ts";

export interface Connection {
  user: string;
  privateKeyFile: string;
}

/**
 * The text of a stack file with the lab's connection, and the address and pin of every host that the file lists and
 * the lab has. Comments, order and everything else stay as they are.
 */
export function recordPins(text: string, connection: Connection, hosts: readonly Host[]): string {
  const document = parseDocument(text);
  for (const [field, value] of Object.entries(connection)) {
    document.setIn(["config", "convocate:ssh", field], value);
  }
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
