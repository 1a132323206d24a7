import { encodeLine, LineSplitter } from "../../protocol/codec.ts";
import { ConvocateError } from "../../protocol/errors.ts";
import { maxResponse } from "../../protocol/rpc.ts";
import { dial, type DialOptions } from "./dialer.ts";

export type AskOptions = Omit<DialOptions, "onOpen" | "onDown"> & {
  request: object;
  /** Milliseconds for all of it. */
  withinMs: number;
};

/** One request on a connection of its own, as v2's clients make it; resolves with the line that answers. */
export function ask(options: AskOptions): Promise<string> {
  const { clock, request, withinMs, host } = options;
  return new Promise((resolve, reject) => {
    const lines = new LineSplitter(maxResponse);
    let hangUp = () => {};
    const settle = (act: () => void) => {
      cancel();
      hangUp();
      act();
    };
    const cancel = clock.after(withinMs, () =>
      settle(() =>
        reject(new ConvocateError("unreachable", `${host}: no answer within ${String(withinMs / 1e3)} s`)),
      ),
    );
    hangUp = dial(options, {
      onOpen: (channel) => {
        const take = (line: string | undefined) => line?.trim() && settle(() => resolve(line));
        channel.on("data", (chunk: Buffer) => {
          try {
            take(lines.push(chunk)[0]);
          } catch (error) {
            settle(() =>
              reject(new ConvocateError("unreachable", `${host}: its answer is too long`, { cause: error })),
            );
          }
        });
        // The last line may come without its newline.
        channel.once("end", () => take(lines.rest));
        channel.write(encodeLine(request));
      },
      onDown: (reason) => settle(() => reject(reason)),
    });
  });
}
