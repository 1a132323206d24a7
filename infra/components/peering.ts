import * as pulumi from "@pulumi/pulumi";
import { mintKeyPair, type KeyPair } from "./key-pair.ts";

/** What shell host and agent know each other by. Each half goes where it belongs and nowhere else. */
export class Peering extends pulumi.ComponentResource {
  /** The agent's own host key, on tcp/222. */
  readonly agentHostKey: KeyPair;
  readonly shellToAgent: KeyPair;
  readonly agentToShell: KeyPair;

  /** Another `epoch`, other pairs; the host key, which everybody has pinned, stays. */
  constructor(name: string, epoch: number, options?: pulumi.ComponentResourceOptions) {
    super("convocate:peering:Peering", name, {}, options);
    const suffix = epoch === 1 ? "" : `-${String(epoch)}`;
    this.agentHostKey = mintKeyPair(`${name}-agent-host-key`, this);
    this.shellToAgent = mintKeyPair(`${name}-shell-to-agent${suffix}`, this);
    this.agentToShell = mintKeyPair(`${name}-agent-to-shell${suffix}`, this);
    this.registerOutputs();
  }
}
