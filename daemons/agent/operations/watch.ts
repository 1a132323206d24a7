import type { Operation } from "../context.ts";

/** Answers with nothing but `ok`; the channel then becomes an event stream (see watch-channel.ts). */
export const watch: Operation<"watch"> = () => Promise.resolve(undefined);
