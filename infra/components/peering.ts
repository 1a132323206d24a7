import * as pulumi from "@pulumi/pulumi";
import { keptKeyPair, mintKeyPair, type KeyPair } from "./key-pair.ts";

/** What shell host and agent know each other by. Each half goes where it belongs and nowhere else. */
export class Peering extends pulumi.ComponentResource {
  /** The agent's own host key, on tcp/222. */
  readonly agentHostKey: KeyPair;
  readonly shellToAgent: KeyPair;
  readonly agentToShell: KeyPair;

  /**
   * Another `epoch`, other pairs; the host key, which everybody has pinned, stays. `keptHostKey`: the public half of the one that
   * the agent has from elsewhere.
   */
  constructor(
    name: string,
    epoch: number,
    keptHostKey: string | null,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("convocate:peering:Peering", name, {}, options);
    const suffix = epoch === 1 ? "" : `-${String(epoch)}`;
    this.agentHostKey =
      keptHostKey === null ? mintKeyPair(`${name}-agent-host-key`, this) : keptKeyPair(keptHostKey);
    this.shellToAgent = mintKeyPair(`${name}-shell-to-agent${suffix}`, this);
    this.agentToShell = mintKeyPair(`${name}-agent-to-shell${suffix}`, this);
    this.registerOutputs();
  }
}
