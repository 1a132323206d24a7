import type { Socket } from "node:net";
import { LineSplitter } from "../../protocol/codec.ts";
import { auditEntry, auditMax } from "../../protocol/fleet.ts";
import type { Log } from "../host/log.ts";

/**
 * Logs what a local reader tells of what operators did. Whoever may open the socket is trusted with it: the entries are as
 * true as the programs that operators are given, and an agent's own journal has every operation with the key that asked.
 */
export function keepAudit(socket: Socket, log: Log): void {
  const lines = new LineSplitter(auditMax);
  socket.on("data", (chunk: Buffer) => {
    try {
      for (const line of lines.push(chunk)) log.info(auditEntry.parse(JSON.parse(line)), "audit");
    } catch (error) {
      // Nothing else is said here: one who says it is told nothing any more.
      log.warn({ err: error }, "a local reader was ended: it said what is no audit entry");
      socket.destroy();
    }
  });
}
