import type { ConvocateError } from "../../protocol/errors.ts";
import type { Op, Params, Result } from "../../protocol/rpc.ts";
import type { Delay } from "./fleet-socket.ts";
import { AgentLink } from "./link.ts";
import { readRegistration } from "./registry.ts";

export interface PoolOptions {
  /** Where registrations are read. */
  agentKeys: string;
  /** Keep every link dialled (a TUI), or dial on use (a verb). */
  keep: boolean;
  delay?: Delay;
  onChange?: (agentId: string, down: ConvocateError | null) => void;
}

/** A link per agent. A slow or dead agent delays nobody but those who ask for it. */
export class AgentPool {
  readonly #options: PoolOptions;
  readonly #links = new Map<string, AgentLink>();

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  link(agentId: string): AgentLink {
    const known = this.#links.get(agentId);
    if (known) return known;
    const { agentKeys, keep, delay, onChange } = this.#options;
    const link = new AgentLink({
      register: () => readRegistration(agentKeys, agentId),
      keep,
      ...(delay && { delay }),
      onChange: (down) => onChange?.(agentId, down),
    });
    this.#links.set(agentId, link);
    return link;
  }

  /** Keeps links to exactly these agents. */
  follow(agentIds: Iterable<string>): void {
    const wanted = new Set(agentIds);
    for (const [id, link] of this.#links) {
      if (wanted.has(id)) continue;
      link.close();
      this.#links.delete(id);
    }
    for (const id of wanted) this.link(id);
  }

  async call<O extends Op>(agentId: string, op: O, params: Params<O>): Promise<Result<O>> {
    const { rpc } = await this.link(agentId).established();
    return rpc.call(op, params);
  }

  close(): void {
    this.follow([]);
  }
}
