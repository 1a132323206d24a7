import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";
import type { HostOptions } from "./host-entry.ts";
import { trustedKey } from "./host-trust.ts";
import { readPrivateKey } from "./private-key.ts";
import type { StackFile } from "./stack-file.ts";

/** How a host is reached that may not be in the stack file yet. */
export interface HostEndpoint {
  /** Its name in the stack. */
  host: string;
  address: string;
  port: number;
  user: string;
  hostKey: string;
  privateKey?: string;
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** By what the command line says, then by the host's entry, then by the defaults of the stack. The key is one that is trusted. */
export async function hostEndpoint(
  context: Context,
  file: StackFile,
  host: string,
  options: HostOptions,
): Promise<HostEndpoint> {
  const entry = file.host(host) ?? {};
  const address = options.address ?? textOf(entry["address"]);
  if (address === undefined)
    throw new CliError(
      "usage",
      `${host} is no host of stack ${file.stack} yet`,
      "Give its address: --address ADDRESS",
    );
  const { user: defaultUser, privateKeyFile: defaultFile } = file.connectionDefaults;
  const entryPort = entry["port"];
  const port = options.port ?? (typeof entryPort === "number" ? entryPort : file.defaultPort);
  const { fingerprint, hostKey, replace = false } = options;
  const known = textOf(entry["hostKey"]) ?? null;
  const key = await trustedKey(context, {
    host,
    endpoint: { address, port },
    known,
    fingerprint,
    hostKey,
    replace,
  });
  const keyFile = options.identity ?? textOf(entry["privateKeyFile"]) ?? defaultFile;
  return {
    host,
    address,
    port,
    user: options.user ?? textOf(entry["user"]) ?? defaultUser ?? "root",
    hostKey: key,
    ...(keyFile !== undefined && {
      privateKey: readPrivateKey(host, keyFile.replace(/^~(?=\/)/, context.home)),
    }),
  };
}
