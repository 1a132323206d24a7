import { ConvocateError, errors } from "../../protocol/errors.ts";
import { maxRequest, type Response } from "../../protocol/rpc.ts";
import type { SubsystemSession } from "../ssh/listener.ts";
import { answer, failure, parseRequest, salvageId } from "./answer.ts";
import type { Context } from "./context.ts";
import { encodeAnswer } from "./encoded-answer.ts";
import { RequestReader } from "./request-reader.ts";
import { serveWatch } from "./watch-channel.ts";

/** Requests of one channel that are worked on at once; more wait in the channel's window. */
const maxPending = 32;

/**
 * `convocate-agent-rpc`. The first request without an `id` is answered and ends the channel (v2); with an `id` the channel
 * stays open and requests are pipelined.
 */
export function serveRpc(
  context: Context,
  { channel, principal }: Pick<SubsystemSession, "channel" | "principal">,
): void {
  const reader = new RequestReader(maxRequest);
  /** A request with an id was among them. */
  let keptOpen = false;
  /** Nothing more is taken of the client; what it sends is dropped. */
  let done = false;
  let watching = false;
  let pending = 0;

  const write = (response: Response) => {
    if (!channel.writable) return;
    for (const part of encodeAnswer(response)) channel.write(part);
  };
  /** Takes nothing more, and ends the channel after the last answer that is pending. */
  const finish = () => {
    done = true;
    if (pending > 0 || watching || !channel.writable) return;
    channel.exit(0);
    channel.end();
    channel.resume(); // a channel closes only when everything it received is read
  };
  const becomeWatch = () => {
    watching = true;
    serveWatch(context, channel);
  };

  function take(text: string): void {
    if (done) return;
    let wanted;
    try {
      wanted = parseRequest(text);
    } catch (error) {
      const known = salvageId(text);
      keptOpen ||= known.id !== undefined;
      const why = failure(error instanceof ConvocateError ? error : errors.malformed("not readable"));
      write({ ...why, ...known });
      if (!keptOpen) finish();
      return;
    }
    const { op, id } = wanted;
    keptOpen ||= id !== undefined;
    done = id === undefined || op === "watch";
    pending += 1;
    if (pending >= maxPending) channel.pause();
    void answer(context, wanted, principal).then((response) => {
      pending -= 1;
      write(response);
      if (op === "watch" && response.ok) becomeWatch();
      else if (op === "watch" && id !== undefined) done = false;
      if (done) finish();
      channel.resume();
    });
  }

  channel.on("data", (chunk: Buffer) => {
    if (done) return;
    try {
      for (const text of reader.push(chunk)) take(text);
    } catch {
      write(failure(new ConvocateError("request_too_large", `request over ${String(maxRequest)} bytes`)));
      finish();
    }
  });
  channel.on("end", () => {
    const rest = done ? null : reader.end();
    if (rest !== null) take(rest);
    finish();
  });
  channel.on("error", () => undefined);
}
