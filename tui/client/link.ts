import type { ConvocateError } from "../../protocol/errors.ts";
import { backoffDelay } from "../../protocol/transport.ts";
import type { Access } from "./access.ts";
import { connect, type Connection } from "./connection.ts";
import { fault } from "./fault.ts";
import type { Delay } from "./fleet-socket.ts";
import type { Registration } from "./registry.ts";
import { openRpc, type Rpc } from "./rpc.ts";

/** A connection that works, and the calls over it. */
export interface Established {
  registration: Registration;
  connection: Connection;
  rpc: Rpc;
}

export interface LinkOptions {
  agentId: string;
  access: Pick<Access, "registration" | "openAgent">;
  /** Dial by itself, and again after a failure or a loss. Without it a link is dialled when it is used. */
  keep: boolean;
  delay?: Delay;
  /** The link came up (null) or is down for this reason. */
  onChange?: (down: ConvocateError | null) => void;
}

/** The one persistent connection to one agent. */
export class AgentLink {
  readonly #options: LinkOptions;
  #current: Promise<Established> | null = null;
  readonly #hangUp = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #attempt = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
    if (options.keep) this.established().catch(() => {});
  }

  /** The connection; dialled now when there is none, whatever the back-off says: somebody is waiting. */
  established(): Promise<Established> {
    clearTimeout(this.#timer);
    return (this.#current ??= this.#dial());
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#hangUp.abort();
  }

  async #dial(): Promise<Established> {
    try {
      const { access, agentId } = this.#options;
      const registration = await access.registration(agentId);
      this.#hangUp.signal.throwIfAborted();
      const connection = await connect(registration, (agent) => access.openAgent(agent), this.#hangUp.signal);
      const rpc = await openRpc(connection).catch((error: unknown) => {
        connection.close();
        throw error;
      });
      connection.onClose((reason) => this.#down(reason));
      this.#attempt = 0;
      this.#options.onChange?.(null);
      return { registration, connection, rpc };
    } catch (error) {
      const reason = fault(error, "internal");
      this.#down(reason);
      throw reason;
    }
  }

  #down(reason: ConvocateError): void {
    this.#current = null;
    if (this.#hangUp.signal.aborted) return;
    this.#options.onChange?.(reason);
    if (!this.#options.keep) return;
    const delay = this.#options.delay ?? backoffDelay;
    this.#timer = setTimeout(() => {
      this.established().catch(() => {});
    }, delay(this.#attempt));
    this.#attempt += 1;
  }
}
