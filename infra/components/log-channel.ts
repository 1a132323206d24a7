import type * as pulumi from "@pulumi/pulumi";
import type { FleetAgent, FleetHost } from "../config/fleet.ts";
import type { Issued, LogAuthority } from "./log-authority.ts";

/** The name by which agents know the server of the log channel, whatever address they reach it by. */
export const logServerName = (domain: string) => `logs.${domain}`;

/** Inputs of a script that sets up one end of the log channel. */
export type LogInputs = Record<"log_ca" | "log_cert" | "log_key", pulumi.Input<string>>;

/** An agent's end of the channel. */
export interface AgentLogs {
  inputs: LogInputs;
  /** When its certificate ends; RFC 3339, empty without one. */
  until: pulumi.Input<string>;
}

/** Of an agent on the shell host itself: it needs no channel. */
export const noLogs: AgentLogs = { inputs: { log_ca: "", log_cert: "", log_key: "" }, until: "" };

const inputsOf = ({ trusted }: LogAuthority, { certificate, key }: Issued): LogInputs => ({
  log_ca: trusted,
  log_cert: certificate,
  log_key: key,
});

export function serverLogs(
  logs: LogAuthority,
  { name, connection }: FleetHost,
  domain: string,
  parent: pulumi.Resource,
): LogInputs {
  // No agent id has a space: nobody is this holder by accident.
  const holder = {
    commonName: "convocate log server",
    names: [...new Set([logServerName(domain), connection.address])],
    use: "server_auth",
  } as const;
  return inputsOf(logs, logs.issue(`${name}-log-server`, holder, parent));
}

/** An agent is known by its id: rsyslog compares DNS names, and the common name as well. */
export function agentLogs(
  logs: LogAuthority,
  { name, agentId }: Pick<FleetAgent, "name" | "agentId">,
  keyEpoch: number,
  parent: pulumi.Resource,
): AgentLogs {
  const suffix = keyEpoch === 1 ? "" : `-${String(keyEpoch)}`;
  const holder = { commonName: agentId, names: [agentId], use: "client_auth" } as const;
  const issued = logs.issue(`${name}-log-client${suffix}`, holder, parent);
  return { inputs: inputsOf(logs, issued), until: issued.until };
}
