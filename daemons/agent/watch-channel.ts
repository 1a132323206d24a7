import type { Duplex } from "node:stream";
import type { Context } from "./context.ts";
import { EventStream } from "./event-stream.ts";

/** `watch`: the channel becomes a stream of status events, first a snapshot, until the client leaves. */
export function serveWatch(context: Context, channel: Duplex): void {
  const stream = new EventStream(channel, context.events);
  stream.begin();
  const silence = context.registry.onChange((change) => stream.change(change));
  channel.once("close", () => {
    silence();
    stream.end();
  });
}
