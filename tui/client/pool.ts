import { z } from "zod";
import type { ConvocateError } from "../../protocol/errors.ts";
import type { Op, Params, Result } from "../../protocol/rpc.ts";
import { tellAudit, type Access } from "./access.ts";
import { fault } from "./fault.ts";
import type { Delay } from "./fleet-socket.ts";
import { AgentLink } from "./link.ts";

/** Operations that change nothing. */
const asks: ReadonlySet<Op> = new Set([
  "ping",
  "list",
  "get",
  "logs",
  "capabilities",
  "settings-get",
  "watch",
]);

/** What names a session in an operation's parameters. */
const named = z.looseObject({
  id: z.string().optional(),
  source_id: z.string().optional(),
  name: z.string().nullish(),
});

export interface PoolOptions {
  access: Access;
  /** In whose name the audit log is told what is done. */
  operator: string | null;
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
    const { access, keep, delay, onChange } = this.#options;
    const link = new AgentLink({
      agentId,
      access,
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
    const { access, operator } = this.#options;
    const called = this.link(agentId)
      .established()
      .then(({ rpc }) => rpc.call(op, params));
    if (asks.has(op)) return called;
    const told = (result: string) => {
      const { id, source_id, name } = named.parse(params);
      const session = id ?? source_id ?? null;
      return tellAudit(access, {
        operator,
        verb: op,
        agent_id: agentId,
        session,
        name: name ?? null,
        result,
      });
    };
    return called.then(
      (result) => told("ok").then(() => result),
      (error: unknown) =>
        told(fault(error, "internal").code).then(() => {
          throw error;
        }),
    );
  }

  close(): void {
    this.follow([]);
  }
}
