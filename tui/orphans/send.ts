import { createHash } from "node:crypto";
import type { ClientChannel } from "ssh2";
import { encodeLine, LineSplitter } from "../../protocol/codec.ts";
import { ConvocateError } from "../../protocol/errors.ts";
import { maxResponse, response, type Params, type Response } from "../../protocol/rpc.ts";
import { session as sessionSchema, type Session } from "../../protocol/session.ts";
import { subsystems } from "../../protocol/transport.ts";
import type { Connection } from "../client/connection.ts";
import { fault } from "../client/fault.ts";
import { wireError } from "../client/wire-error.ts";
import { pack } from "./pack.ts";

/** Milliseconds that an agent has for its last word once it has everything: it waits for its disk. */
const lastWordWithin = 3_600_000;

export interface Sending {
  home: string;
  params: Params<"import">;
  /** Hears how much of the stream has gone. */
  say: (bytes: number) => void;
}

/** All of it was sent, and the agent's last word did not come: it may have the session. */
export class Unanswered extends ConvocateError {
  /** Of the stream, in hexadecimal digits. */
  readonly sum: string;
  constructor(sum: string) {
    super("unreachable", "the connection was lost before the agent said that it has the session");
    this.sum = sum;
  }
}

/** Brings a home to an agent, which makes it a session. Rejects with the agent's reason, or with what went wrong here. */
export async function sendHome(connection: Connection, { home, params, say }: Sending): Promise<Session> {
  const channel = await connection.open(subsystems.rpc);
  const answers = new Answers(channel);
  try {
    channel.write(encodeLine({ op: "import", params }));
    const first = await answers.next();
    if (first === null)
      throw new ConvocateError("unreachable", "the agent closed the channel without an answer");
    if (!first.ok) throw wireError(first);
    return await stream(channel, answers, { home, say });
  } finally {
    channel.close();
  }
}

async function stream(
  channel: ClientChannel,
  answers: Answers,
  { home, say }: Pick<Sending, "home" | "say">,
): Promise<Session> {
  const packing = pack(home);
  const hash = createHash("sha256");
  let bytes = 0;
  packing.stream.on("data", (chunk: Buffer) => {
    hash.update(chunk);
    bytes += chunk.length;
    say(bytes);
    if (channel.write(chunk)) return;
    packing.stream.pause();
    channel.once("drain", () => packing.stream.resume());
  });
  const last = answers.next();
  last.catch(() => undefined); // asked again when all is sent
  try {
    // An agent that has enough says so in the middle.
    const early = await Promise.race([packing.ended.then(() => null), last.then((answer) => ({ answer }))]);
    if (early) return sessionIn(early.answer, null);
    const sum = hash.digest();
    channel.end(sum);
    return sessionIn(await within(last, lastWordWithin), sum.toString("hex"));
  } finally {
    packing.stop();
  }
}

function sessionIn(answer: Response | null, sum: string | null): Session {
  if (answer?.ok) return sessionSchema.parse(answer.result);
  if (answer) throw wireError(answer);
  throw sum === null
    ? new ConvocateError("unreachable", "the connection was lost in the middle of the home")
    : new Unanswered(sum);
}

function within<T>(answer: Promise<T>, ms: number): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(null), ms);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** What an agent says on a channel, line by line. */
class Answers {
  readonly #came: Response[] = [];
  #waiting: ((answer: Response | null) => void)[] = [];
  #closed = false;
  #fault: Error | null = null;

  constructor(channel: ClientChannel) {
    const lines = new LineSplitter(maxResponse);
    channel.on("data", (chunk: Buffer) => {
      try {
        for (const line of lines.push(chunk)) this.#came.push(response.parse(JSON.parse(line)));
      } catch (error) {
        this.#fault = fault(error, "internal", "the agent's answer makes no sense");
        channel.close();
      }
      this.#settle();
    });
    channel.once("close", () => {
      this.#closed = true;
      this.#settle();
    });
  }

  /** Null: the channel was closed without one. */
  async next(): Promise<Response | null> {
    const answer = await new Promise<Response | null>((resolve) => {
      this.#waiting.push(resolve);
      this.#settle();
    });
    if (answer === null && this.#fault) throw this.#fault;
    return answer;
  }

  #settle(): void {
    while (this.#waiting.length > 0 && (this.#came.length > 0 || this.#closed))
      this.#waiting.shift()?.(this.#came.shift() ?? null);
  }
}
