import type { ServerChannel } from "ssh2";
import { ConvocateError, errors } from "../../protocol/errors.ts";
import { maxRequest, type Response } from "../../protocol/rpc.ts";
import type { SubsystemSession } from "../ssh/listener.ts";
import { answer, failure, parseRequest, salvageId } from "./answer.ts";
import { AnswerQueue } from "./answer-queue.ts";
import type { Context } from "./context.ts";
import { serveImport } from "./import-channel.ts";
import { RequestReader } from "./request-reader.ts";
import { serveWatch } from "./watch-channel.ts";

/** Requests of one channel that are worked on at once; more wait in the channel's window. */
const maxPending = 32;
/** Operations after which the channel is theirs, and what they do with it. */
const serving: Record<string, (context: Context, channel: ServerChannel, params: unknown) => void> = {
  watch: serveWatch,
  import: (...asked) => void serveImport(...asked),
};
/** Milliseconds from a request's first byte to its last, or to what is known of it: it may be 1 MiB over a slow link. */
export const requestWithin = 60_000;

/**
 * `convocate-agent-rpc`. The first request without an `id` is answered and ends the channel (v2); with an `id` the channel
 * stays open and requests are pipelined. Nothing more is read of a client that does not read its answers.
 */
export function serveRpc(
  context: Context,
  { channel, principal }: Pick<SubsystemSession, "channel" | "principal">,
): void {
  const reader = new RequestReader(maxRequest);
  const answers = new AnswerQueue(channel, () => proceed());
  /** Requests that were received and not yet taken. */
  let requests: Iterator<string, void> | null = null;
  /** A request with an id was among them. */
  let keptOpen = false;
  /** Nothing more is taken of the client; what it sends is dropped. */
  let done = false;
  /** The client sends nothing more. */
  let ended = false;
  /** It is one of requests no more. */
  let taken = false;
  let pending = 0;
  /** Set while a request is being received. */
  let deadline: (() => void) | null = null;

  /** Takes nothing more, and ends the channel after the last answer that is pending. */
  const finish = () => {
    done = true;
    wait(false);
    if (pending > 0 || taken || !channel.writable) return;
    channel.exit(0);
    channel.end();
    channel.resume(); // a channel closes only when everything it received is read
  };
  const reply = (response: Response, sent: () => void = () => undefined) =>
    answers.push(response, () => {
      pending -= 1;
      sent();
      if (done) finish();
    });
  const refuse = (error: ConvocateError) => {
    pending += 1;
    reply(failure(error));
    finish();
  };

  function take(text: string): void {
    pending += 1;
    let wanted;
    try {
      wanted = parseRequest(text);
    } catch (error) {
      const known = salvageId(text);
      keptOpen ||= known.id !== undefined;
      done = !keptOpen;
      const why = failure(error instanceof ConvocateError ? error : errors.malformed("not readable"));
      return reply({ ...why, ...known });
    }
    const { op, id } = wanted;
    keptOpen ||= id !== undefined;
    const serve = Object.hasOwn(serving, op) ? serving[op] : undefined;
    done = id === undefined || serve !== undefined;
    void answer(context, wanted, principal).then((response) =>
      reply(response, () => {
        if (serve && response.ok) {
          taken = true;
          return serve(context, channel, wanted.params);
        }
        // Refused, the channel is what it was.
        if (serve && id !== undefined) done = false;
        proceed();
        if (ended) finish();
      }),
    );
  }

  /** Takes what was received as far as there is room, and hears more when all is taken. */
  function proceed(): void {
    try {
      while (requests && !done) {
        if (pending >= maxPending || answers.isFull) {
          wait(false);
          channel.pause();
          return;
        }
        const next = requests.next();
        if (next.done) requests = null;
        else {
          wait(false);
          take(next.value);
        }
      }
    } catch {
      refuse(new ConvocateError("request_too_large", `request over ${String(maxRequest)} bytes`));
    }
    wait(!done && reader.isWithin);
    channel.resume();
  }

  /** The client has so long for a request as a whole: bytes in between postpone nothing. */
  function wait(isWithin: boolean): void {
    if (isWithin) deadline ??= context.clock.after(requestWithin, late);
    else {
      deadline?.();
      deadline = null;
    }
  }
  const late = () => refuse(errors.malformed(`not finished within ${String(requestWithin / 1000)} s`));

  channel.on("data", (chunk: Buffer) => {
    if (done) return;
    requests = reader.push(chunk);
    proceed();
  });
  channel.on("end", () => {
    ended = true;
    const rest = done ? null : reader.end();
    if (rest !== null) take(rest);
    finish();
  });
  channel.once("close", () => wait(false));
  channel.on("error", () => undefined);
}
