import { encodeLine } from "../../protocol/codec.ts";
import { ConvocateError, errors } from "../../protocol/errors.ts";
import { maxRequest, type Response } from "../../protocol/rpc.ts";
import type { SubsystemSession } from "../ssh/listener.ts";
import { answer, failure, parseRequest, salvageId } from "./answer.ts";
import type { Context } from "./context.ts";
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
  let keptOpen = false;
  let ended = false;
  let pending = 0;
  let inputEnded = false;

  const write = (response: Response) => {
    if (channel.writable) channel.write(encodeLine(response));
  };
  const end = (last?: Response) => {
    if (ended) return;
    ended = true;
    if (last) write(last);
    channel.exit(0);
    channel.end();
    channel.resume(); // a channel closes only when everything it received is read
  };
  const settle = () => {
    pending -= 1;
    if (inputEnded && pending === 0) end();
    else if (!ended) channel.resume();
  };

  /** Nothing is read of the client any more: what it sends is dropped. */
  const becomeWatch = (response: Response) => {
    ended = true;
    write(response);
    serveWatch(context, channel);
    channel.resume();
  };

  function take(text: string): void {
    if (ended) return;
    let wanted;
    try {
      wanted = parseRequest(text);
    } catch (error) {
      const known = salvageId(text);
      keptOpen ||= known.id !== undefined;
      const why = failure(error instanceof ConvocateError ? error : errors.malformed("not readable"));
      const wrong = { ...why, ...known };
      if (keptOpen) write(wrong);
      else end(wrong);
      return;
    }
    keptOpen ||= wanted.id !== undefined;
    const last = wanted.id === undefined;
    pending += 1;
    if (pending >= maxPending) channel.pause();
    void answer(context, wanted, principal).then((response) => {
      if (wanted.op === "watch" && response.ok && !ended) becomeWatch(response);
      else if (last) end(response);
      else write(response);
      settle();
    });
  }

  channel.on("data", (chunk: Buffer) => {
    if (ended) return;
    try {
      for (const text of reader.push(chunk)) take(text);
    } catch {
      end(failure(new ConvocateError("request_too_large", `request over ${String(maxRequest)} bytes`)));
    }
  });
  channel.on("end", () => {
    inputEnded = true;
    const rest = ended ? null : reader.end();
    if (rest !== null) take(rest);
    if (pending === 0) end();
  });
  channel.on("error", () => undefined);
}
