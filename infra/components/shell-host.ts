import * as pulumi from "@pulumi/pulumi";
import type { FleetHost } from "../config/fleet.ts";
import type { Artifacts } from "./artifacts.ts";
import { hostCommand } from "./host-command.ts";
import { installHost } from "./installation.ts";
import { keptKeyPair, mintKeyPair } from "./key-pair.ts";
import type { LogAuthority } from "./log-authority.ts";
import { serverLogs } from "./log-channel.ts";

/** Lines of authorized_keys: an operator's key opens the list of sessions and nothing else. */
export function operatorLogins(operators: Record<string, string>): string {
  const login = (name: string) => `restrict,pty,command="/usr/local/bin/convocate login --operator ${name}"`;
  return Object.entries(operators)
    .map(([name, key]) => `${login(name)} ${key} operator=${name}`)
    .join("\n");
}

export interface ShellHostArgs {
  host: FleetHost;
  artifacts: Artifacts;
  operators: Record<string, string>;
  /** Sessions' DNS names are below it. */
  domain: string;
  /** Who signs what both ends of the log channel are known by. */
  logs: LogAuthority;
  loginAliases?: readonly string[];
  /** Networks that may ask for names, besides the agents. */
  dnsClients?: readonly string[];
}

/** The machine operators log in to. */
export class ShellHost extends pulumi.ComponentResource {
  readonly host: FleetHost;
  /** The status daemon's host key, for agents to pin. */
  readonly hostKey: pulumi.Output<string>;
  readonly installed: pulumi.Resource;
  readonly initialized: pulumi.Resource;

  constructor(name: string, args: ShellHostArgs, options?: pulumi.ComponentResourceOptions) {
    // What is given here is stored in the state: nothing is.
    super("convocate:host:ShellHost", name, {}, options);
    const { host, artifacts, operators, domain, logs, loginAliases = [], dnsClients = [] } = args;
    const { statusHostKey: kept } = host;
    const key = kept === null ? mintKeyPair(`${name}-status-host-key`, this) : keptKeyPair(kept);
    this.host = host;
    this.hostKey = key.publicKey;
    this.installed = installHost(host, artifacts, this);
    this.initialized = hostCommand(
      `${name}-init-shell`,
      {
        host,
        script: "init-shell",
        inputs: {
          app_sha256: artifacts.app.sha256,
          host_key: key.privateKey,
          host_key_pub: key.publicKey,
          operators: operatorLogins(operators),
          domain,
          login_aliases: loginAliases.join(" "),
          dns_clients: dnsClients.join(" "),
          ...serverLogs(logs, host, domain, this),
        },
      },
      { parent: this, dependsOn: [this.installed] },
    );
    this.registerOutputs();
  }
}
