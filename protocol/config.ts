import { z } from "zod";
import { agentId, limits } from "./session.ts";

/** Where the programs find what provisioning left for them. Infra writes these files, daemons and TUI read them. */
export const paths = {
  agentConfig: "/etc/convocate-agent",
  agentState: "/var/lib/convocate-agent",
  sessionHomes: "/home/convocate",
  shellConfig: "/etc/convocate",
  shellState: "/var/lib/convocate",
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
  /** Claude's long-lived token, where one is configured. */
  claudeToken: "claude-token",
  config: "config.json",
} as const;

/** Files of the shell host, below `/etc/convocate`. */
export const shellFiles = {
  hostKey: "status_host_ed25519_key",
  authorizedKeys: "status_authorized_keys",
  /** The domain that sessions' DNS names are below. */
  domain: "domain",
} as const;

/** Sessions' names on the shell host, below `/var/lib/convocate`: a file in dnsmasq's `hostsdir`. */
export const hostsFile = "hosts.d/sessions";

/** Files of one registered agent, below `/etc/convocate/agent-keys/<id>`. */
export const registrationFiles = {
  /** Bare address of the agent host (v2 wrote `user@host`). */
  address: "agent-host",
  /** The stack's name of the host (ours). */
  name: "name",
  hostKey: "host_key.pub",
  /** When the certificate of its log channel ends, RFC 3339 (ours). */
  certificateUntil: "log-certificate-until",
  toAgentKey: "shell_to_agent_ed25519_key",
} as const;

const absolutePath = z.string().regex(/^\/[^:]*$/, "an absolute path without a colon");

/** `config.json` of the agent. */
export const agentConfig = z.strictObject({
  /** What a session runs when it names no command of its own. */
  command: z.string().min(1),
  limits: limits.default({ memory_bytes: 2 * 2 ** 30, pids: 2048 }),
  /** Folder with the Claude CLI as `current/claude`, mounted read-only: an upgrade of the host reaches running sessions. */
  claude_folder: absolutePath.optional(),
  /** Name servers of sessions; none: the engine's own choice. */
  dns: z.array(z.union([z.ipv4(), z.ipv6()])).default([]),
  /** Address that sessions' ports are published on; none: every one of the host's. */
  publish_address: z.union([z.ipv4(), z.ipv6()]).optional(),
  /** What else of the host sessions see. `~/.ssh` and the engine's socket are escapes: only whoever names them here shares them. */
  mounts: z
    .array(
      z.strictObject({ source: absolutePath, target: absolutePath, read_only: z.boolean().default(true) }),
    )
    .default([]),
  /** Whether all text of sessions' terminals is kept with what their containers print, without escape sequences. */
  transcript: z.boolean().default(false),
  /** The agent is being emptied: it makes and starts no session; those that run go on. */
  drain: z.boolean().default(false),
});
export type AgentConfig = z.infer<typeof agentConfig>;

export { agentId };
