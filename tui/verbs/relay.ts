import { pipeline } from "node:stream/promises";
import type { Context } from "./context.ts";

/** Carries bytes between an operator elsewhere and the port of a registered agent: it is SSH of theirs, end to end. */
export async function relayAgent({ access, stdin, stdout }: Context, agentId: string): Promise<void> {
  const socket = access.openAgent(await access.registration(agentId));
  try {
    await Promise.race([pipeline(stdin, socket, { end: false }), pipeline(socket, stdout, { end: false })]);
  } finally {
    socket.destroy();
  }
}
