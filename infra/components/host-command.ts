import { readFileSync } from "node:fs";
import { local, remote, type types } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { FleetHost } from "../config/fleet.ts";
import { runScript, scriptText, type ScriptName } from "../steps/script.ts";

/** A refused connection comes back after about half a minute, an unanswered one after two and a half. */
const dialErrorLimit = 12;
const perDialTimeout = 10;

function readPrivateKey(host: string, file: string): pulumi.Output<string> {
  try {
    return pulumi.secret(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(
      `host ${host}: privateKeyFile: got ${file}: ${String(error)}: name a file that can be read, or leave it out for the ssh-agent's keys`,
      { cause: error },
    );
  }
}

/** How the engine reaches a host; the private key is a secret from here on. */
export function connectionArgs({ name, connection }: FleetHost): types.input.remote.ConnectionArgs {
  const { address, port, user, hostKey, privateKeyFile } = connection;
  if (hostKey === null) throw new Error(`host ${name}: there is no hostKey to reach it by`);
  return {
    host: address,
    port,
    user,
    hostKey,
    dialErrorLimit,
    perDialTimeout,
    ...(privateKeyFile !== null && { privateKey: readPrivateKey(name, privateKeyFile) }),
  };
}

/** What a program on this machine is told about where a host is (infra/ssh/with-host.ts). */
export function placeOf(host: FleetHost): pulumi.Input<object> {
  if (host.local !== null) return { host: host.name, here: true };
  const { host: address, port, user, hostKey, privateKey } = connectionArgs(host);
  return { host: address, port, user, hostKey, privateKey };
}

export interface HostCommandArgs {
  host: FleetHost;
  script: ScriptName;
  inputs: Record<string, pulumi.Input<string>>;
  /** First argument of the script at create and update, and at delete. */
  actions?: { create: string; delete?: string };
}

/**
 * Runs one of our scripts on a host as root. Its text and inputs travel on standard input: a change of either runs it
 * again, a secret input makes the whole a secret, and no secret is ever part of a command line.
 */
export function hostCommand(
  name: string,
  args: HostCommandArgs,
  options: pulumi.CustomResourceOptions,
): remote.Command | local.Command {
  const { host, script, inputs, actions } = args;
  const command = {
    create: runScript(actions?.create),
    ...(actions?.delete !== undefined && { delete: runScript(actions.delete) }),
    stdin: pulumi.output(inputs).apply((values) => scriptText(script, values)),
    addPreviousOutputInEnv: false,
  };
  const customTimeouts = { create: "30m", update: "30m", delete: "5m" };
  const all = { ...options, customTimeouts };
  return host.local === null
    ? new remote.Command(
        name,
        { connection: connectionArgs(host), logging: remote.Logging.None, ...command },
        all,
      )
    : new local.Command(name, { logging: local.Logging.None, ...command }, all);
}
