import * as pulumi from "@pulumi/pulumi";
import type { FleetAgent } from "../config/fleet.ts";
import type { Artifacts } from "./artifacts.ts";
import { claudeFolder, deliverClaude, type Claude } from "./claude.ts";
import { hostCommand } from "./host-command.ts";
import { deliverImage } from "./image.ts";
import { installHost } from "./installation.ts";
import type { LogAuthority } from "./log-authority.ts";
import { agentLogs, logServerName, noLogs } from "./log-channel.ts";
import { Peering } from "./peering.ts";
import type { ShellHost } from "./shell-host.ts";

export interface AgentHostArgs {
  agent: FleetAgent;
  shell: ShellHost;
  artifacts: Artifacts;
  operators: Record<string, string>;
  keyEpoch: number;
  transcript: boolean;
  /** What a session runs when it names no command of its own. */
  command: string;
  claude: Claude;
  /** Sessions' DNS names are below it. */
  domain: string;
  logs: LogAuthority;
  /** Networks that reach the ports that sessions publish, besides the shell host. */
  publishFrom: readonly string[];
}

/** Lines of the agent's own authorized keys: the shell host, and operators who come from elsewhere. */
export function agentAuthorizedKeys(
  shellKey: string,
  shell: string,
  operators: Record<string, string>,
): string {
  const lines = Object.entries(operators).map(([name, key]) => `${key} operator=${name}`);
  return [`${shellKey} shell=${shell}`, ...lines].join("\n");
}

/** A machine that runs sessions, and its registration on the shell host. */
export class AgentHost extends pulumi.ComponentResource {
  constructor(name: string, args: AgentHostArgs, options?: pulumi.ComponentResourceOptions) {
    // What is given here is stored in the state: nothing is.
    super("convocate:host:AgentHost", name, {}, options);
    const {
      agent,
      shell,
      artifacts,
      operators,
      keyEpoch,
      transcript,
      command,
      claude,
      domain,
      logs,
      publishFrom,
    } = args;
    const peering = new Peering(`${name}-peering`, keyEpoch, agent.agentHostKey, { parent: this });
    const combined = agent.name === shell.host.name;
    const installed = combined ? shell.installed : installHost(agent, artifacts, this);
    const authorizedKeys = peering.shellToAgent.publicKey.apply((key) =>
      agentAuthorizedKeys(key, shell.host.name, operators),
    );
    const identity = { agent_id: agent.agentId, name: agent.name };
    // Keys are changed without a moment in which one is missing: each end admits the new one before the other uses it, and
    // refuses the old one when nobody does any more.
    const admitted = hostCommand(
      `${name}-admission`,
      {
        host: shell.host,
        script: "registration",
        actions: { create: "admit" },
        inputs: {
          ...identity,
          address: agent.connection.address,
          to_shell_key_pub: peering.agentToShell.publicKey,
        },
      },
      { parent: this, dependsOn: [shell.initialized] },
    );
    const image = deliverImage(agent, artifacts, { parent: this, dependsOn: [installed] });
    const cli = deliverClaude(agent, artifacts, claude, { parent: this, dependsOn: [installed] });
    const ownLogs = combined ? noLogs : agentLogs(logs, agent, keyEpoch, this);
    const initialized = hostCommand(
      `${name}-init-agent`,
      {
        host: agent,
        script: "init-agent",
        inputs: {
          app_sha256: artifacts.app.sha256,
          agent_id: agent.agentId,
          host_key: peering.agentHostKey.privateKey,
          host_key_pub: peering.agentHostKey.publicKey,
          authorized_keys: authorizedKeys,
          shell_host: shell.host.connection.address,
          shell_host_key: shell.hostKey,
          to_shell_key: peering.agentToShell.privateKey,
          to_shell_key_pub: peering.agentToShell.publicKey,
          domain,
          own_names: combined ? "yes" : "no",
          publish_from: publishFrom.join(" "),
          log_server: logServerName(domain),
          ...ownLogs.inputs,
          config: JSON.stringify({
            command,
            ...(claude.source && { claude_folder: claudeFolder }),
            ...(transcript && { transcript }),
            ...(agent.drain !== false && { drain: true }),
          }),
        },
      },
      { parent: this, dependsOn: [installed, image, cli, admitted] },
    );
    const registered = hostCommand(
      `${name}-registration`,
      {
        host: shell.host,
        script: "registration",
        actions: { create: "register", delete: "deregister" },
        inputs: {
          ...identity,
          drain: String(agent.drain),
          address: agent.connection.address,
          host_key_pub: peering.agentHostKey.publicKey,
          to_agent_key: peering.shellToAgent.privateKey,
          to_agent_key_pub: peering.shellToAgent.publicKey,
          to_shell_key_pub: peering.agentToShell.publicKey,
          log_until: ownLogs.until,
          ...(shell.host.local !== null && { way: "here" }),
        },
      },
      { parent: this, dependsOn: [initialized] },
    );
    hostCommand(
      `${name}-seal`,
      { host: agent, script: "seal", inputs: { agent_id: agent.agentId, authorized_keys: authorizedKeys } },
      { parent: this, dependsOn: [registered] },
    );
    this.registerOutputs();
  }
}
