import type { ClientChannel } from "ssh2";
import { encodeLine, LineSplitter } from "../../protocol/codec.ts";
import { ConvocateError } from "../../protocol/errors.ts";
import {
  maxResponse,
  ops,
  response,
  type Op,
  type Params,
  type Response,
  type Result,
} from "../../protocol/rpc.ts";
import { subsystems } from "../../protocol/transport.ts";
import type { Connection } from "./connection.ts";
import { messageOf } from "./fault.ts";
import { wireError } from "./wire-error.ts";

/** Milliseconds an operation may take; `kill` alone may wait 10 s for its session. A home to be copied or removed may be large. */
const callTimeout = (op: Op) => (op === "clone" || op === "delete" ? 3_600_000 : 60_000);

/** Calls operations of one agent over one connection. */
export interface Rpc {
  /** v2: no kept-open channel, no extension parameters, no exit status that tells how an attach ended. */
  readonly v2: boolean;
  /** Version of the protocol: 0 is v2's. */
  readonly protocol: number;
  call<O extends Op>(op: O, params: Params<O>): Promise<Result<O>>;
}

/** Asks for capabilities once and so learns which kind of agent it is. */
export async function openRpc(connection: Connection): Promise<Rpc> {
  const kept = new KeptChannel(connection);
  const answer = await kept.ask("capabilities", null);
  const v2 = !answer.ok && answer.error.startsWith("unknown op");
  if (!answer.ok && !v2) throw wireError(answer);
  const ask = v2
    ? (op: Op, params: object) => askOnce(connection, op, params)
    : (op: Op, params: object) => kept.ask(op, params);
  return {
    v2,
    protocol: answer.ok ? decode("capabilities", answer.result).protocol : 0,
    async call(op, params) {
      const reply = await ask(op, params);
      if (!reply.ok) throw wireError(reply);
      return decode(op, reply.result);
    },
  };
}

function decode<O extends Op>(op: O, result: unknown): Result<O> {
  const schema: { safeParse(value: unknown): { success: boolean; data?: unknown; error?: Error } } =
    ops[op].result;
  const parsed = schema.safeParse(result);
  if (!parsed.success) {
    const why = parsed.error?.message ?? "it does not fit";
    throw new ConvocateError("internal", `the agent's answer to ${op} makes no sense: ${why}`);
  }
  return parsed.data as Result<O>;
}

interface Pending {
  resolve: (answer: Response) => void;
  reject: (error: Error) => void;
}

/** One channel for all calls: each has an id, answers come in any order. Opened again when the agent closed it. */
class KeptChannel {
  readonly #connection: Connection;
  readonly #pending = new Map<number, Pending>();
  #channel: Promise<ClientChannel> | null = null;
  #lastId = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async ask(op: Op, params: object | null): Promise<Response> {
    const channel = await (this.#channel ??= this.#open());
    const id = (this.#lastId += 1);
    return bounded<Response>(op, (resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      channel.write(encodeLine({ op, params, id }));
    }).finally(() => this.#pending.delete(id));
  }

  async #open(): Promise<ClientChannel> {
    try {
      const channel = await this.#connection.open(subsystems.rpc);
      const lines = new LineSplitter(maxResponse);
      channel.on("data", (chunk: Buffer) => {
        try {
          for (const line of lines.push(chunk)) this.#answered(parseResponse(line));
        } catch (error) {
          this.#ended(error);
          channel.close();
        }
      });
      channel.once("close", () => this.#ended(new Error("the agent closed the channel")));
      return channel;
    } catch (error) {
      this.#channel = null;
      throw error;
    }
  }

  #answered(answer: Response): void {
    // A v2 agent echoes no id: then it is the answer to the only question asked of it.
    const id = typeof answer.id === "number" ? answer.id : [...this.#pending.keys()][0];
    if (id !== undefined) this.#pending.get(id)?.resolve(answer);
  }

  #ended(cause: unknown): void {
    this.#channel = null;
    for (const { reject } of this.#pending.values()) reject(interrupted(cause));
  }
}

/** v2's way: a channel per call, the request ends at the newline, the answer at EOF. */
async function askOnce(connection: Connection, op: Op, params: object): Promise<Response> {
  const channel = await connection.open(subsystems.rpc);
  const lines = new LineSplitter(maxResponse);
  return bounded<Response>(op, (resolve, reject) => {
    const take = (line: string) => {
      try {
        resolve(parseResponse(line));
      } catch (error) {
        reject(interrupted(error));
      }
    };
    channel.on("data", (chunk: Buffer) => {
      try {
        for (const line of lines.push(chunk)) take(line);
      } catch (error) {
        reject(interrupted(error));
      }
    });
    channel.once("close", () => {
      // The last line may come without its newline.
      if (lines.rest.trim() !== "") take(lines.rest);
      reject(interrupted(new Error("the agent closed the channel without an answer")));
    });
    channel.write(encodeLine({ op, params }));
  }).finally(() => channel.close());
}

const parseResponse = (line: string): Response => response.parse(JSON.parse(line));

function bounded<T>(
  op: Op,
  start: (resolve: (value: T) => void, reject: (error: Error) => void) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const ms = callTimeout(op);
    const late = `the agent did not answer ${op} within ${String(ms / 1000)} s`;
    const timer = setTimeout(() => reject(new ConvocateError("unreachable", late)), ms);
    const settled =
      <A>(act: (argument: A) => void) =>
      (argument: A) => {
        clearTimeout(timer);
        act(argument);
      };
    start(settled(resolve), settled(reject));
  });
}

function interrupted(cause: unknown): ConvocateError {
  return new ConvocateError("unreachable", `the answer did not come: ${messageOf(cause)}`, { cause });
}
