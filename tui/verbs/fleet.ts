import { pipeline } from "node:stream/promises";
import { encodeLine, LineSplitter } from "../../protocol/codec.ts";
import { auditEntry, auditMax } from "../../protocol/fleet.ts";
import type { Context } from "./context.ts";

/**
 * The status daemon's local side for an operator elsewhere. What is told for the audit log is told in the name of the operator
 * whose key logged in, whoever it says it is.
 */
export async function fleet({ access, operator, stdin, stdout }: Context): Promise<void> {
  const socket = access.openFleet();
  const lines = new LineSplitter(auditMax);
  const entries = async function* (input: AsyncIterable<Buffer>) {
    for await (const chunk of input)
      for (const line of lines.push(chunk))
        yield encodeLine({ ...auditEntry.parse(JSON.parse(line)), operator });
  };
  try {
    const told = pipeline(stdin, entries, socket, { end: false });
    await Promise.race([told, pipeline(socket, stdout, { end: false })]);
  } finally {
    socket.end();
  }
}
