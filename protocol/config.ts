import { z } from "zod";
import { agentId, limits } from "./session.ts";

/** Where the programs find what provisioning left for them. Infra writes these files, daemons and TUI read them. */
export const paths = {
  agentConfig: "/etc/convocate-agent",
  agentState: "/var/lib/convocate-agent",
  sessionHomes: "/home/convocate",
  shellConfig: "/etc/convocate",
  agentKeys: "/etc/convocate/agent-keys",
} as const;

/** Files of the agent host, below `/etc/convocate-agent`. */
export const agentFiles = {
  id: "agent-id",
  hostKey: "ssh_host_ed25519_key",
  authorizedKeys: "authorized_keys",
  shellHost: "shell-host",
  shellHostKey: "shell_host_key.pub",
  toShellKey: "agent_to_shell_ed25519_key",
  currentImage: "current-image",
  config: "config.json",
} as const;

/** Files of the shell host, below `/etc/convocate`. */
export const shellFiles = {
  hostKey: "status_host_ed25519_key",
  authorizedKeys: "status_authorized_keys",
} as const;

/** Files of one registered agent, below `/etc/convocate/agent-keys/<id>`. */
export const registrationFiles = {
  /** Bare address of the agent host (v2 wrote `user@host`). */
  address: "agent-host",
  /** The stack's name of the host (ours). */
  name: "name",
  hostKey: "host_key.pub",
  toAgentKey: "shell_to_agent_ed25519_key",
} as const;

/** `config.json` of the agent. */
export const agentConfig = z.strictObject({
  /** What a session runs when it names no command of its own. */
  command: z.string().min(1),
  limits: limits.default({ memory_bytes: 2 * 2 ** 30, pids: 2048 }),
});
export type AgentConfig = z.infer<typeof agentConfig>;

export { agentId };
