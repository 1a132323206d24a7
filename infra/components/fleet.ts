import type { Fleet } from "../config/fleet.ts";
import { AgentHost } from "./agent-host.ts";
import type { Artifacts } from "./artifacts.ts";
import { claudeOf } from "./claude.ts";
import { LogAuthority } from "./log-authority.ts";
import { ShellHost } from "./shell-host.ts";

/** Declares everything that a stack's configuration asks for. */
export function declareFleet(fleet: Fleet, artifacts: Artifacts): void {
  const {
    shell: shellHost,
    operators,
    keyEpoch,
    transcript,
    command,
    domain,
    loginAliases,
    dnsClients,
  } = fleet;
  const logs = new LogAuthority("log-authority", domain, fleet.logAuthorityEpoch);
  if (!shellHost) return;
  const claude = claudeOf(fleet.claude, artifacts);
  const names = { domain, loginAliases, dnsClients };
  const shell = new ShellHost(shellHost.name, { host: shellHost, artifacts, operators, logs, ...names });
  const publishFrom = [...new Set([...dnsClients, ...fleet.publishFrom])];
  const shared = {
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
  };
  for (const agent of fleet.agents) {
    const name = agent.name === shellHost.name ? `${agent.name}-agent` : agent.name;
    new AgentHost(name, { agent, ...shared });
  }
}
