import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ssh2, { type ParsedKey } from "ssh2";
import { z } from "zod";
import { Hypervisor } from "../vm/hypervisor.ts";
import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";
import { trustedKey } from "./host-trust.ts";
import { readPrivateKey } from "./private-key.ts";
import { writeWhole } from "./whole-file.ts";

/** How the command line says that a hypervisor is reached. */
export interface HypervisorOptions {
  hypervisor: string;
  username: string;
  port?: number;
  identity?: string;
  fingerprint?: string;
  hostKey?: string;
  replace?: boolean;
}

export interface Reached {
  hypervisor: Hypervisor;
  /** Public keys that came along, a line each. */
  keys: string[];
  privateKey?: string;
}

const pins = z.record(z.string(), z.string());

/** Host keys of hypervisors, which no stack file has: by address and port, in the data folder. */
class HypervisorPins {
  readonly file: string;

  constructor({ dataDir }: Context) {
    this.file = join(dataDir, "hypervisors.json");
  }

  get all(): Record<string, string> {
    return existsSync(this.file) ? pins.parse(JSON.parse(readFileSync(this.file, "utf8"))) : {};
  }

  keep(host: string, key: string): void {
    if (this.all[host] === key) return;
    mkdirSync(join(this.file, ".."), { recursive: true });
    writeWhole(this.file, `${JSON.stringify({ ...this.all, [host]: key }, null, 2)}\n`, 0o644);
  }
}

const line = (key: ParsedKey) => `${key.type} ${key.getPublicSSH().toString("base64")}`;

function keyOfFile(file: string, privateKey: string): string {
  const key = ssh2.utils.parseKey(privateKey);
  if (!(key instanceof Error)) return line(key);
  throw new CliError(
    "usage",
    `--identity: got ${file}: ${key.message}`,
    "Name a private key file without a passphrase; or leave it out for the ssh-agent's keys.",
  );
}

async function keysOfAgent(socket: string | undefined): Promise<string[]> {
  const keys = await new Promise<ParsedKey[]>((resolve) => {
    if (socket === undefined) resolve([]);
    // An agent that does not answer has no keys.
    else
      new ssh2.OpenSSHAgent(socket).getIdentities((_error, found) =>
        resolve((found ?? []).filter((key): key is ParsedKey => "getPublicSSH" in key)),
      );
  });
  if (keys.length > 0) return keys.map(line);
  throw new CliError(
    "usage",
    "there is no key to come in with: no --identity, and no ssh-agent that has one",
    "Give --identity FILE, or add a key with `ssh-add`.",
  );
}

/** The hypervisor that is meant, with a key that is trusted: known from before, or confirmed now. It is not logged in to yet. */
export async function reachHypervisor(context: Context, options: HypervisorOptions): Promise<Reached> {
  const {
    hypervisor: host,
    username: user,
    port = 22,
    identity,
    fingerprint,
    hostKey,
    replace = false,
  } = options;
  const file = identity?.replace(/^~(?=\/)/, context.home);
  const privateKey = file === undefined ? undefined : readPrivateKey(host, file);
  const keys =
    file === undefined || privateKey === undefined
      ? await keysOfAgent(context.agentSocket)
      : [keyOfFile(file, privateKey)];
  const known = new HypervisorPins(context);
  const name = `${host}:${String(port)}`;
  const key = await trustedKey(context, {
    host,
    endpoint: { address: host, port },
    known: known.all[name] ?? null,
    fingerprint,
    hostKey,
    replace,
    kept: { file: known.file, verb: "create-vm …" },
  });
  known.keep(name, key);
  const secret = privateKey !== undefined && { privateKey };
  return {
    hypervisor: new Hypervisor({ host, port, user, hostKey: key, ...secret }, context.agentSocket ?? ""),
    keys,
    ...secret,
  };
}
