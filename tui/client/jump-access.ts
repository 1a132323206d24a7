import { parseAddress } from "../../protocol/address.ts";
import { ConvocateError } from "../../protocol/errors.ts";
import { commandStream } from "./command-stream.ts";
import type { Access } from "./access.ts";
import { readFleet, type FleetSnapshot } from "./fleet-socket.ts";
import type { Credentials } from "./registry.ts";

export interface JumpOptions {
  /** The ssh command; its configuration, agent and known hosts are the operator's own. */
  ssh: readonly string[];
  /** `user@host` of the shell host, as ssh takes it. */
  shell: string;
  /** What agents know this operator by. */
  credentials: Credentials;
}

/** A burst of dials, such as a TUI's first, asks the shell host once. */
const rememberMs = 5_000;

/**
 * From elsewhere: every connection is one of ssh's to the shell host, which relays it. The connection to an agent is encrypted
 * from here to there, with the operator's own key, and pinned: the shell host tells the pin and carries the bytes.
 */
export function jumpAccess({ ssh, shell, credentials }: JumpOptions): Access {
  // Nobody is there to be asked, and an unknown host key is refused.
  const call = (...words: string[]) =>
    commandStream([...ssh, "-T", "-o", "BatchMode=yes", "--", shell, ...words]);
  let fleet: { at: number; snapshot: Promise<FleetSnapshot> } | null = null;
  const access: Access = {
    openFleet: () => call("fleet"),
    orphans: { verb: call },
    async registration(agentId) {
      if (!fleet || Date.now() - fleet.at > rememberMs)
        fleet = { at: Date.now(), snapshot: readFleet(access, 15_000) };
      const { agents } = await fleet.snapshot.catch((error: unknown) => {
        fleet = null;
        throw error;
      });
      const agent = agents.find(({ agent_id }) => agent_id === agentId);
      if (!agent) throw new ConvocateError("not_found", `agent ${JSON.stringify(agentId)} is not registered`);
      return {
        id: agentId,
        name: agent.host,
        ...parseAddress(agent.address),
        hostKey: agent.host_key ?? null,
        credentials,
      };
    },
    openAgent: ({ id }) => call("relay", id),
  };
  return access;
}
