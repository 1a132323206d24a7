import { protocolVersion, version } from "../../../protocol/version.ts";
import type { Operation } from "../context.ts";

/** `ops`: what the table of operations serves. */
export const capabilities =
  (ops: string[]): Operation<"capabilities"> =>
  () =>
    Promise.resolve({
      protocol: protocolVersion,
      version,
      ops,
      extensions: ["id", "code", "attach-mode", "exit-cause", "limits", "labels", "seed"],
    });
