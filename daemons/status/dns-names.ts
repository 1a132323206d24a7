import { isDnsName } from "../../protocol/addressing.ts";
import type { ContestedName, FleetMessage } from "../../protocol/fleet.ts";

/** Who has a name. */
interface Claim {
  agent_id: string;
  uuid: string;
  name: string;
  created_at: string;
}

const key = (agent_id: string, uuid: string) => `${agent_id} ${uuid}`;

/**
 * The DNS names of all sessions, `<dns-name>.<domain>`. A name stays with the session that has it: who claims it later
 * changes nothing, whatever age it tells. Of several that come at once the oldest gets it.
 */
export class DnsNames {
  readonly #domain: string;
  readonly #addresses = new Map<string, string>();
  readonly #claims = new Map<string, Claim>();
  /** Name to `agent uuid`. */
  readonly #holders = new Map<string, string>();

  /** `published`: what an earlier daemon left, so that a restart gives no name to another. */
  constructor(domain: string, published: string) {
    this.#domain = domain;
    for (const [, name = "", agent = "", uuid = ""] of published.matchAll(/^\S+ (\S+) # (\S+) (\S+)$/gm)) {
      if (name.endsWith(`.${domain}`)) this.#holders.set(name.slice(0, -domain.length - 1), key(agent, uuid));
    }
  }

  /** Takes what the fleet tells; whether a name or an address may have changed by it. */
  apply(message: FleetMessage): boolean {
    switch (message.type) {
      case "snapshot":
        this.#addresses.clear();
        this.#claims.clear();
        for (const agent of message.agents) this.#addresses.set(agent.agent_id, agent.address);
        for (const session of message.sessions) this.#claim(session);
        return true;
      case "agent": {
        const { agent_id, address } = message.agent;
        const changed = this.#addresses.get(agent_id) !== address;
        this.#addresses.set(agent_id, address);
        return changed;
      }
      case "agent.removed":
        return this.#addresses.delete(message.agent_id);
      case "session":
        return this.#claim(message.session);
      case "session.removed":
        return this.#claims.delete(key(message.agent_id, message.session_id));
      case "contested":
      case "orphans":
      case "event":
        return false;
    }
  }

  #claim(session: {
    agent_id: string;
    uuid: string;
    dns_name?: string | undefined;
    created_at: string;
  }): boolean {
    const { agent_id, uuid, dns_name: name = "", created_at } = session;
    const id = key(agent_id, uuid);
    const before = this.#claims.get(id)?.name ?? "";
    if (isDnsName(name) && isDnsName(`${name}.${this.#domain}`))
      this.#claims.set(id, { agent_id, uuid, name, created_at });
    else this.#claims.delete(id);
    return before !== (this.#claims.get(id)?.name ?? "");
  }

  /** Lines of a hosts file, `address name # agent uuid`. `resolve`: the IP address of an agent's address, where it is known. */
  lines(resolve: (address: string) => string | undefined): string[] {
    const byName = new Map<string, Claim>();
    for (const [id, claim] of this.#claims) {
      if (!this.#addresses.has(claim.agent_id)) continue;
      const other = byName.get(claim.name);
      if (!other || this.#precedes(id, claim, other)) byName.set(claim.name, claim);
    }
    this.#holders.clear();
    return [...byName.values()]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap(({ agent_id, uuid, name }) => {
        this.#holders.set(name, key(agent_id, uuid));
        const ip = resolve(this.#addresses.get(agent_id) ?? "");
        return ip === undefined ? [] : [`${ip} ${name}.${this.#domain} # ${agent_id} ${uuid}`];
      });
  }

  /** Names that more than one session of a known agent claims, with who has each; as `lines` gave them out last. */
  contested(): ContestedName[] {
    const names = [...this.#claims.values()]
      .filter(({ agent_id, uuid, name }) => {
        const holder = this.#holders.get(name);
        return this.#addresses.has(agent_id) && holder !== undefined && holder !== key(agent_id, uuid);
      })
      .map(({ name }) => name);
    return [...new Set(names)].sort().map((name) => {
      const [agent_id = "", session_id = ""] = (this.#holders.get(name) ?? "").split(" ");
      return { name, agent_id, session_id };
    });
  }

  #precedes(id: string, claim: Claim, other: Claim): boolean {
    const holder = this.#holders.get(claim.name);
    if (holder === key(other.agent_id, other.uuid)) return false;
    return holder === id || claim.created_at < other.created_at;
  }
}
