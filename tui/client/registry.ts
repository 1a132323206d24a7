import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseAddress } from "../../protocol/address.ts";
import { agentId, registrationFiles } from "../../protocol/config.ts";
import { ConvocateError } from "../../protocol/errors.ts";
import { fault, systemCode } from "./fault.ts";

/** What provisioning recorded of one agent: where it is, how to know it, what to show it. */
export interface Registration {
  id: string;
  /** The stack's name of the host. */
  name: string;
  address: string;
  port: number;
  /** The pinned host key as a public key line; null when none is recorded. */
  hostKey: string | null;
  credentials: Credentials;
}

/** What we show an agent: a key (OpenSSH private key text), or those of the ssh-agent at a socket. */
export type Credentials = { privateKey: string } | { agent: string };

async function readOptional(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw fault(error, "internal", `cannot read ${path}`);
  }
}

/** The registered agent `id` below `folder`. Throws `not_found` when it, its address or our key is not recorded. */
export async function readRegistration(folder: string, id: string): Promise<Registration> {
  // Ids become paths: what is no id is not looked up.
  if (!agentId.safeParse(id).success) throw unregistered(id, "that is no agent id");
  const file = (name: string) => readOptional(join(folder, id, name));
  const [address, name, hostKey, privateKey] = await Promise.all([
    file(registrationFiles.address),
    file(registrationFiles.name),
    file(registrationFiles.hostKey),
    file(registrationFiles.toAgentKey),
  ]);
  if (address === null) throw unregistered(id, "no address is recorded");
  if (privateKey === null) throw unregistered(id, "no key of ours is recorded");
  return { id, name: name?.trim() ?? id, ...parseAddress(address), hostKey, credentials: { privateKey } };
}

function unregistered(id: string, why: string): ConvocateError {
  return new ConvocateError(
    "not_found",
    `agent ${JSON.stringify(id)} is not registered: ${why}; \`pulumi up\` registers it`,
  );
}

/** Ids of all registered agents, sorted; none where nothing was ever registered. */
export async function registeredIds(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names.filter((name) => agentId.safeParse(name).success).sort();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw fault(error, "internal", `cannot read ${folder}`);
  }
}
